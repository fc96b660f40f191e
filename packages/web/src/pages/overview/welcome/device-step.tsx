/** The first device and how it is signed in to; or, where a repository brought devices, what they still lack. */
import { Button, NumberInput, PasswordInput, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Device, DeviceSpec } from "@holdfast/contract";
import { devicePlatforms } from "virtual:contract";
import { invoke } from "../../../app/api.ts";
import { viewProblem } from "../../../app/problem-view.ts";
import { read } from "../../../app/reads.ts";
import { FormPair } from "../../../parts/form-pair.tsx";
import { listed, plural, words } from "../../../parts/format.ts";
import { State } from "../../../parts/glyph.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { fieldErrors } from "../../../parts/place-errors.ts";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { sayDone } from "../../../parts/run-act.tsx";
import { TextSkeleton } from "../../../parts/skeletons.tsx";
import { Credential } from "./credential.tsx";
import classes from "./welcome.module.css";

export function DeviceStep({ next }: { next: () => void }) {
  const devices = useQuery(read("devices.list", { limit: 500 }));
  return (
    <Loaded query={devices} skeleton={<TextSkeleton lines={8} />}>
      {({ items }) => (items.length === 0 ? <Add next={next} /> : <There devices={items} next={next} />)}
    </Loaded>
  );
}

function There({ devices, next }: { devices: readonly Device[]; next: () => void }) {
  const secrets = useQuery(read("secrets.list", { limit: 500 }));
  const stored = new Set(secrets.data?.items.map((secret) => secret.name));
  const named = [...new Set(devices.flatMap(({ credential }) => credential ?? []))].filter((name) => !name.startsWith("vault:"));
  const missing = secrets.data === undefined ? [] : named.filter((name) => !stored.has(name));
  const bare = devices.filter(({ hostKey }) => hostKey === undefined).length;
  return (
    <div className={classes["stack"]}>
      <h2>{plural(devices.length, "device")}</h2>
      {missing.length === 0 ? (
        <State look={{ tone: "ok", shape: "check", word: "how to sign in to them is stored" }} />
      ) : (
        <>
          <p>
            They sign in with {listed(missing.map((name) => `“${name}”`))}, which {missing.length === 1 ? "is" : "are"} not stored yet.
          </p>
          <Credential key={missing[0]} name={missing[0] ?? ""} submit="Seal it" then={() => undefined} />
        </>
      )}
      {bare > 0 && (
        <p className="dim">
          {bare === devices.length ? "No host key is" : `${plural(bare, "host key")} ${bare === 1 ? "is" : "are"} not`} pinned yet: compare
          each with what the device’s own console shows. Until then Holdfast does not sign in there.
        </p>
      )}
      <div className={classes["end"]}>
        {bare > 0 && (
          <LinkButton variant="default" to="/devices">
            To the devices
          </LinkButton>
        )}
        <Button onClick={next}>To the overview</Button>
      </div>
    </div>
  );
}

interface Fields {
  name: string;
  platform: DeviceSpec["platform"];
  address: string;
  port: number | string;
  site: string;
  username: string;
  password: string;
}

function Add({ next }: { next: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm<Fields>({
    initialValues: { name: "", platform: "ios", address: "", port: 22, site: "", username: "", password: "" },
    validate: {
      name: (value) => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(value) ? null : "Letters, digits, . _ -"),
      address: (value) => (value.trim() === "" ? "Where it answers: an IP address or a DNS name" : null),
      username: (value) => (value.trim() === "" ? "Who signs in" : null),
      password: (value) => (value === "" ? "The password" : null),
    },
  });
  const add = useMutation({
    mutationFn: addWith,
    onSuccess: async (device) => {
      sayDone(`${device.name} is added. Compare its host key with what its own console shows.`);
      await queries.invalidateQueries();
      await navigate({ to: "/devices/$device/host-key", params: { device: device.name } });
    },
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, Object.keys(form.getValues()))),
  });
  return (
    <form className={classes["stack"]} noValidate onSubmit={form.onSubmit((fields) => add.mutate(fields))}>
      <h2>The first device</h2>
      <p className="dim">Holdfast signs in to it by SSH. Nothing on it is changed before you roll something out.</p>
      <FormPair>
        <TextInput label="Name" data-autofocus spellCheck={false} {...form.getInputProps("name")} />
        <Select
          label="Platform"
          allowDeselect={false}
          data={devicePlatforms.map((value) => ({ value, label: words(value) }))}
          {...form.getInputProps("platform")}
        />
      </FormPair>
      <FormPair>
        <TextInput label="Address" spellCheck={false} {...form.getInputProps("address")} />
        <NumberInput label="Port" min={1} max={65_535} allowDecimal={false} hideControls {...form.getInputProps("port")} />
        <TextInput label="Site (optional)" spellCheck={false} {...form.getInputProps("site")} />
      </FormPair>
      <FormPair>
        <TextInput
          label="User"
          description="Who Holdfast signs in as"
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps("username")}
        />
        <PasswordInput label="Password" description="Sealed at once" autoComplete="new-password" {...form.getInputProps("password")} />
      </FormPair>
      {add.error !== null && <ProblemNotice thrown={add.error} />}
      <div className={classes["end"]}>
        <LinkButton variant="subtle" to="/devices/import">
          Many, from a file
        </LinkButton>
        <Button variant="subtle" onClick={next}>
          Not now
        </Button>
        <Button type="submit" loading={add.isPending}>
          Add it
        </Button>
      </div>
    </form>
  );
}

/** Seals how to sign in first, under the device's name; a try before may have stored it already. */
async function addWith({ name, platform, address, port, site, username, password }: Fields): Promise<Device> {
  const credential = `device/${name.toLowerCase()}`;
  const value = { kind: "password" as const, username: username.trim(), password };
  const known = (await invoke("secrets.list", { limit: 500 })).items.find((one) => one.name === credential);
  if (known) await invoke("secrets.replace", { id: known.id, value }, { ifMatch: known.etag });
  else await invoke("secrets.create", { name: credential, value });
  const where = site.trim() === "" ? {} : { site: site.trim() };
  return invoke("devices.create", { name, platform, address: address.trim(), port: Number(port), credential, ...where });
}
