/** Adding a device by hand, and editing one. */
import { Autocomplete, NumberInput, Select, TextInput } from "@mantine/core";
import { schemaResolver, useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { deviceSpec, type Device, type DevicePatch, type DeviceSpec } from "@holdfast/contract";
import { mergePatchBetween } from "@holdfast/kit";
import { devicePlatforms } from "virtual:contract";
import { invoke } from "../../app/api.ts";
import { linesOf, type Lines } from "../../app/as-code.ts";
import { read } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { FormPair } from "../../parts/form-pair.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import { SpecDialog, type SpecFormProps } from "../../parts/spec-form.tsx";
import { blankDevice, formOf, labelsProblem, missing, specOf, type DeviceFields, platformWord } from "./device-fields.ts";

export function NewDevice() {
  const navigate = useNavigate();
  const close = (): void => void navigate({ to: "/devices" });
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (spec: DeviceSpec) => invoke("devices.create", spec),
    onSuccess: async (device) => {
      sayDone(`${device.name} is added. Compare and pin its host key next.`);
      await queries.invalidateQueries();
      void navigate({ to: "/devices/$device", params: { device: device.name } });
    },
  });
  return (
    <DeviceForm
      title="Add a device"
      submit="Add device"
      initial={blankDevice}
      close={close}
      save={create}
      lines={(spec) => linesOf("devices.create", spec)}
    />
  );
}

const editRoute = getRouteApi("/shell/devices/$device/edit");

export function EditDevice() {
  const { device: name } = editRoute.useParams();
  const device = useQuery(read("devices.get", { id: name }));
  return (
    <Loaded query={device} skeleton={null}>
      {(found) => <Edit device={found} />}
    </Loaded>
  );
}

function Edit({ device }: { device: Device }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void => void navigate({ to: "/devices/$device", params: { device: device.name } });
  const initial = formOf(device);
  const changed = (spec: DeviceSpec): DevicePatch => mergePatchBetween(specOf(initial), spec);
  const update = useMutation({
    mutationFn: (spec: DeviceSpec) => invoke("devices.update", { id: device.id, ...changed(spec) }, { ifMatch: device.etag }),
    onSuccess: async (after) => {
      sayDone(`${after.name} is changed.`);
      await queries.invalidateQueries();
      void navigate({ to: "/devices/$device", params: { device: after.name } });
    },
  });
  const lines = (spec: DeviceSpec): Lines => linesOf("devices.update", { id: device.id, ...changed(spec) }, { ifMatch: device.etag });
  return <DeviceForm title={`Edit ${device.name}`} submit="Save" initial={initial} close={close} save={update} lines={lines} />;
}

const validateSpec = schemaResolver(deviceSpec, { sync: true });

function DeviceForm({ initial, ...dialog }: SpecFormProps<DeviceSpec, DeviceFields>) {
  const form = useForm<DeviceFields>({
    initialValues: initial,
    validate: (values) => ({
      ...validateSpec(specOf(values)),
      ...labelsProblem(values.labels),
      ...missing(values),
    }),
  });
  const known = useKnown();
  return (
    <SpecDialog {...dialog} form={form} specOf={specOf}>
      <FormPair>
        <TextInput label="Name" data-autofocus spellCheck={false} {...form.getInputProps("name")} />
        <Select
          label="Platform"
          allowDeselect={false}
          data={devicePlatforms.map((value) => ({ value, label: platformWord(value) }))}
          {...form.getInputProps("platform")}
        />
      </FormPair>
      <FormPair>
        <TextInput label="Address" description="IP address or DNS name" spellCheck={false} {...form.getInputProps("address")} />
        <NumberInput
          label="Port"
          description="SSH"
          min={1}
          max={65_535}
          allowDecimal={false}
          hideControls
          {...form.getInputProps("port")}
        />
      </FormPair>
      <FormPair>
        <Autocomplete label="Site" data={known.sites} {...form.getInputProps("site")} />
        <TextInput label="Redundancy group" description="Never two of a group at one time" {...form.getInputProps("redundancyGroup")} />
      </FormPair>
      <TextInput
        label="Labels"
        description="key=value, with commas between"
        placeholder="role=core, env=prod"
        spellCheck={false}
        {...form.getInputProps("labels")}
      />
      <FormPair>
        <Autocomplete label="Signs in with" description="Name of a secret" data={known.secrets} {...form.getInputProps("credential")} />
        <Autocomplete label="Through" description="Device to jump through" data={known.devices} {...form.getInputProps("bastion")} />
      </FormPair>
      <Select
        label="On drift"
        allowDeselect={false}
        data={[
          { value: "alert", label: "Raise a finding" },
          { value: "revert", label: "Raise a finding, and roll the intent out again" },
        ]}
        {...form.getInputProps("driftMode")}
      />
    </SpecDialog>
  );
}

/** What exists already, to pick from. */
function useKnown(): { sites: string[]; devices: string[]; secrets: string[] } {
  const may = useMay();
  const devices = useQuery(read("devices.list", { limit: 500 })).data?.items ?? [];
  const secrets = useQuery({ ...read("secrets.list", { limit: 500 }), enabled: may("secrets.list") }).data?.items ?? [];
  return {
    sites: [...new Set(devices.flatMap((device) => device.site ?? []))].sort(),
    devices: devices.map((device) => device.name),
    secrets: secrets
      .filter((secret) => secret.kind === "password" || secret.kind === "ssh_key" || secret.kind === "ssh_ca")
      .map((secret) => secret.name),
  };
}
