/** A form for something that is made and edited by the same fields: what was refused is told at its field. */
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import type { Lines } from "../app/as-code.ts";
import { viewProblem } from "../app/problem-view.ts";
import { FormDialog } from "./form-dialog.tsx";
import { fieldErrors } from "./place-errors.ts";

export interface SpecFormProps<Spec, Fields> {
  title: string;
  /** What the button does, as a verb. */
  submit: string;
  initial: Fields;
  close: () => void;
  save: { mutate: (spec: Spec, options: { onError: (thrown: unknown) => void }) => void; isPending: boolean; error: unknown };
  lines: (spec: Spec) => Lines;
}

interface SpecDialogProps<Spec, Fields extends object> extends Omit<SpecFormProps<Spec, Fields>, "initial"> {
  form: UseFormReturnType<Fields>;
  specOf: (fields: Fields) => Spec;
  children: ReactNode;
}

export function SpecDialog<Spec, Fields extends object>(props: SpecDialogProps<Spec, Fields>) {
  const { form, specOf, save, lines, close, title, submit, children } = props;
  const tellFields = (thrown: unknown): void => form.setErrors(fieldErrors(viewProblem(thrown).places, Object.keys(form.getValues())));
  return (
    <FormDialog
      title={title}
      submit={submit}
      onClose={close}
      pending={save.isPending}
      problem={save.error}
      lines={lines(specOf(form.getValues()))}
      onSubmit={form.onSubmit((fields) => save.mutate(specOf(fields), { onError: tellFields }))}
    >
      {children}
    </FormDialog>
  );
}
