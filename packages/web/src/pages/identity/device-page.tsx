/** Lets a program in that asks with a code, or not: the person sees who asks, and from where, before they answer (RFC 8628). */
import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { Facts } from "../../parts/facts.tsx";
import { FormDialogBody } from "../../parts/form-dialog-body.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { When } from "../../parts/when.tsx";
import { userCodeOf } from "./fragment.ts";
import classes from "./settings.module.css";

type Asked = RouteOutput<"tokens.showDevice"> & { userCode: string };

export function DevicePage() {
  const [answered, setAnswered] = useState<"approved" | "denied">();
  const show = useMutation({
    mutationFn: async (userCode: string): Promise<Asked> => ({ ...(await invoke("tokens.showDevice", { userCode })), userCode }),
  });
  if (answered !== undefined)
    return (
      <Page title="Let a program in" say={answered === "approved" ? "It is in; you can close this page." : "It was told no."}>
        {null}
      </Page>
    );
  return (
    <Page title="Let a program in" say="The program shows a code. Type it here, look who asks, and answer.">
      {show.data === undefined ? <AskCode show={show} /> : <Answer asked={show.data} answered={setAnswered} />}
    </Page>
  );
}

interface AskCodeProps {
  show: { mutate: (userCode: string) => void; error: unknown; isPending: boolean };
}

function AskCode({ show }: AskCodeProps) {
  const form = useForm({
    initialValues: { userCode: userCodeOf(location.hash) ?? "" },
    validate: {
      userCode: (text) => (/[a-z]/i.test(text) && text.replaceAll(/[^a-z]/gi, "").length === 8 ? null : "Eight letters, e.g. BCDF-GHJK"),
    },
  });
  return (
    <Panel>
      <FormDialogBody problem={show.error} onSubmit={form.onSubmit(({ userCode }) => show.mutate(userCode.trim()))}>
        <TextInput
          label="Code"
          description="Of a program that you have just started yourself. Nobody who works for you or with you ever sends you one."
          autoComplete="off"
          spellCheck={false}
          maxLength={20}
          className="mono"
          data-autofocus
          {...form.getInputProps("userCode")}
        />
        <div className={classes["row"]}>
          <Button type="submit" loading={show.isPending}>
            Look who asks
          </Button>
        </div>
      </FormDialogBody>
    </Panel>
  );
}

function Answer({ asked, answered }: { asked: Asked; answered: (how: "approved" | "denied") => void }) {
  const { userCode } = asked;
  const approve = useMutation({
    mutationFn: () => invoke("tokens.approveDevice", { userCode }),
    onSuccess: () => answered("approved"),
  });
  const deny = useMutation({ mutationFn: () => invoke("tokens.denyDevice", { userCode }), onSuccess: () => answered("denied") });
  const thrown = approve.error ?? deny.error;
  return (
    <Panel title={`“${asked.program}” wants to act as you`} id="asked">
      <div className={classes["factors"]}>
        <Facts
          facts={[
            [
              "Code",
              <span key="code" className="mono">
                {userCode.toUpperCase()}
              </span>,
            ],
            ["Program", asked.device],
            ["Asks from", asked.address ?? "an address that is not known"],
            ["Since", <When key="since" at={asked.askedAt} />],
            ["May then do", asked.scopes.length === 0 ? "all that you may" : asked.scopes.join(", ")],
          ]}
        />
        {thrown !== null && <ProblemNotice thrown={thrown} />}
        <div className={classes["row"]}>
          <Button loading={approve.isPending} onClick={() => approve.mutate()}>
            Let it in
          </Button>
          <Button variant="default" loading={deny.isPending} onClick={() => deny.mutate()}>
            No
          </Button>
        </div>
      </div>
    </Panel>
  );
}
