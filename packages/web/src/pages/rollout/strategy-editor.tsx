/** Edits how a rollout is cut into waves, what limits it, and when it starts. */
import { ActionIcon, Button, NumberInput, SegmentedControl, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { NamedStrategy } from "@holdfast/contract";
import { FormPair } from "../../parts/form-pair.tsx";
import { sayStrategy, type Draft, type Kind, type Stage } from "./strategy.ts";
import classes from "./roll-out.module.css";

interface EditorProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
}

const hints: Record<Kind, string> = {
  canary: "A few devices first, watched; then more; then the rest.",
  rolling: "The same number of devices each time, until all are changed.",
  direct: "Every device at once. For emergencies: there is no canary to save the others.",
};
const units = [
  { value: "percent", label: "% of all" },
  { value: "count", label: "devices" },
];

/** The dialog's focus goes to the chosen strategy; the control passes no attribute on to its inputs. */
function markFirstField(element: HTMLElement | null): void {
  element?.querySelector("input:checked")?.setAttribute("data-autofocus", "");
}

export function StrategyEditor({ draft, onChange, strategies }: EditorProps & { strategies: NamedStrategy[] }) {
  const set = (patch: Partial<Draft>): void => onChange({ ...draft, ...patch });
  return (
    <div className={classes["editor"]}>
      {strategies.length > 0 && <Named draft={draft} strategies={strategies} onChange={onChange} />}
      {draft.named === "" && <Own draft={draft} onChange={onChange} />}
      <LimitFields draft={draft} onChange={onChange} />
      <div className={classes["switches"]}>
        <Switch
          label="Somebody else has to approve it"
          checked={draft.requireApproval}
          onChange={(event) => set({ requireApproval: event.currentTarget.checked })}
        />
        <Switch label="Start as soon as it may" checked={draft.start} onChange={(event) => set({ start: event.currentTarget.checked })} />
      </div>
    </div>
  );
}

/** Which of the repository's strategies, or an own one. */
function Named({ draft, strategies, onChange }: EditorProps & { strategies: NamedStrategy[] }) {
  const chosen = strategies.find((one) => one.name === draft.named);
  return (
    <Select
      data-autofocus
      label="Strategy"
      description={
        chosen ? `${sayStrategy(chosen.strategy)} (${chosen.at})` : "The limits of the repository hold for it too, unless it is direct."
      }
      allowDeselect={false}
      value={draft.named}
      onChange={(named) => onChange({ ...draft, named: named ?? "" })}
      data={[
        ...strategies.map((one) => ({ value: one.name, label: one.default ? `${one.name} (the default)` : one.name })),
        { value: "", label: "An own strategy" },
      ]}
    />
  );
}

function Own({ draft, onChange }: EditorProps) {
  const set = (patch: Partial<Draft>): void => onChange({ ...draft, ...patch });
  return (
    <>
      <div ref={markFirstField}>
        <SegmentedControl
          fullWidth
          aria-label="Kind of strategy"
          value={draft.kind}
          onChange={(kind) => set({ kind: kind as Kind })}
          data={[
            { value: "canary", label: "Canary" },
            { value: "rolling", label: "Rolling" },
            { value: "direct", label: "Direct" },
          ]}
        />
        <p className={classes["hint"]}>{hints[draft.kind]}</p>
      </div>
      {draft.kind === "canary" && <Stages draft={draft} onChange={onChange} />}
      {draft.kind === "rolling" && <Rolling draft={draft} onChange={onChange} />}
      {draft.kind === "direct" && (
        <Textarea
          label="Why all at once"
          description="Kept in the audit trail."
          autosize
          minRows={2}
          maxLength={500}
          value={draft.reason}
          onChange={(event) => set({ reason: event.currentTarget.value })}
        />
      )}
    </>
  );
}

function Stages({ draft, onChange }: EditorProps) {
  const put = (key: number, patch: Partial<Stage>): void =>
    onChange({ ...draft, stages: draft.stages.map((stage) => (stage.key === key ? { ...stage, ...patch } : stage)) });
  const add = (): void => {
    const last = draft.stages.at(-1);
    const key = Math.max(0, ...draft.stages.map((stage) => stage.key)) + 1;
    onChange({
      ...draft,
      stages: [
        ...draft.stages,
        { key, amount: Math.min(100, Number(last?.amount ?? 5) * 2), unit: last?.unit ?? "percent", bake: last?.bake ?? "60s" },
      ],
    });
  };
  return (
    <fieldset className={classes["fieldset"]}>
      <legend>Stages</legend>
      <div className={classes["stages"]}>
        {draft.stages.map((stage, at) => (
          <div key={stage.key} className={classes["stage"]}>
            <span>{at === 0 ? "First" : "Then"}</span>
            <NumberInput
              className={classes["amount"] ?? ""}
              aria-label={`Stage ${at + 1}: how much`}
              min={1}
              hideControls
              value={stage.amount}
              onChange={(amount) => put(stage.key, { amount })}
            />
            <Select
              className={classes["unit"] ?? ""}
              aria-label={`Stage ${at + 1}: share or number`}
              allowDeselect={false}
              data={units}
              value={stage.unit}
              onChange={(unit) => put(stage.key, { unit: unit === "count" ? "count" : "percent" })}
            />
            <TextInput
              className={classes["watch"] ?? ""}
              aria-label={`Stage ${at + 1}: watched for`}
              leftSection="watch"
              leftSectionWidth={48}
              value={stage.bake}
              onChange={(event) => put(stage.key, { bake: event.currentTarget.value })}
            />
            <ActionIcon
              className={classes["remove"] ?? ""}
              aria-label={`Remove stage ${at + 1}`}
              disabled={draft.stages.length === 1}
              onClick={() => onChange({ ...draft, stages: draft.stages.filter((one) => one !== stage) })}
            >
              <IconX size={15} />
            </ActionIcon>
          </div>
        ))}
        <div>
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconPlus size={13} />}
            onClick={add}
            disabled={draft.stages.length >= 20}
          >
            Add a stage
          </Button>
          <span className={classes["hint"]}> The rest follows after the last one.</span>
        </div>
      </div>
    </fieldset>
  );
}

function Rolling({ draft, onChange }: EditorProps) {
  const set = (patch: Partial<Draft>): void => onChange({ ...draft, ...patch });
  return (
    <FormPair>
      <NumberInput
        label="At a time"
        min={1}
        hideControls
        value={draft.batch.amount}
        onChange={(amount) => set({ batch: { ...draft.batch, amount } })}
      />
      <Select
        label="Counted in"
        allowDeselect={false}
        data={units}
        value={draft.batch.unit}
        onChange={(unit) => set({ batch: { ...draft.batch, unit: unit === "count" ? "count" : "percent" } })}
      />
      <TextInput label="Pause between" value={draft.pause} onChange={(event) => set({ pause: event.currentTarget.value })} />
      <NumberInput
        label="Healthy at least (%)"
        min={0}
        max={100}
        hideControls
        value={draft.healthyPercent}
        onChange={(healthyPercent) => set({ healthyPercent })}
      />
    </FormPair>
  );
}

function LimitFields({ draft, onChange }: EditorProps) {
  const set = (patch: Partial<Draft>): void => onChange({ ...draft, ...patch });
  return (
    <fieldset className={classes["fieldset"]}>
      <legend>Limits</legend>
      <FormPair>
        <NumberInput
          label="Of a site in a wave"
          placeholder="any"
          min={1}
          allowDecimal={false}
          hideControls
          value={draft.perSite}
          onChange={(perSite) => set({ perSite })}
        />
        <NumberInput
          label="At one time"
          placeholder="any"
          min={1}
          allowDecimal={false}
          hideControls
          value={draft.maxUnavailable}
          onChange={(maxUnavailable) => set({ maxUnavailable })}
        />
        <TextInput
          label="With the same label"
          placeholder="e.g. role"
          value={draft.perLabelKey}
          onChange={(event) => set({ perLabelKey: event.currentTarget.value })}
        />
        <NumberInput
          label="… in a wave"
          placeholder="any"
          min={1}
          allowDecimal={false}
          hideControls
          disabled={draft.perLabelKey === ""}
          value={draft.perLabel}
          onChange={(perLabel) => set({ perLabel })}
        />
      </FormPair>
    </fieldset>
  );
}
