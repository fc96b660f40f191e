/** One certificate: whose it is, how long it counts, its chain as a file; renewing and revoking it. */
import { Button, Select } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconDownload, IconRefresh } from "@tabler/icons-react";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { CertificateDetail, RevocationReason } from "@holdfast/contract";
import { act } from "../../app/act.ts";
import { invoke } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { read } from "../../app/reads.ts";
import { useMe, whyNot } from "../../app/session.ts";
import { Actor } from "../../parts/actor.tsx";
import { ActBar } from "../../parts/act-bar.tsx";
import { Shortened } from "../../parts/copy.tsx";
import { download } from "../../parts/csv.ts";
import { Ends } from "../../parts/ends-in.tsx";
import { Facts } from "../../parts/facts.tsx";
import { short } from "../../parts/format.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { State } from "../../parts/glyph.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import { SideDrawer } from "../../parts/side-drawer.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { Exact, When } from "../../parts/when.tsx";
import { kindSays, reasons, stateLooks } from "./words.ts";
import classes from "./pki.module.css";

const route = getRouteApi("/shell/settings/certificates/$certificate");

export function CertificateDrawer() {
  const { certificate: id } = route.useParams();
  const navigate = useNavigate();
  const certificate = useQuery(read("pki.get", { id }));
  const close = (): void => void navigate({ to: "/settings/certificates", search: (was: object) => was, resetScroll: false });
  return (
    <SideDrawer title={certificate.data?.name ?? "A certificate"} onClose={close}>
      <Loaded query={certificate} skeleton={<TextSkeleton lines={12} />}>
        {(found) => <Detail certificate={found} />}
      </Loaded>
    </SideDrawer>
  );
}

function Detail({ certificate }: { certificate: CertificateDetail }) {
  const { id, name, state, chain } = certificate;
  const navigate = useNavigate();
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const noRevoking = whyNot(me, "pki.revoke");
  const renew = act({
    route: "pki.renew",
    input: { id },
    label: "Renew",
    icon: <IconRefresh size={14} />,
    blocked:
      state === "revoked"
        ? "A revoked certificate is not renewed; issue another one."
        : certificate.automatic
          ? "Its holder renews it by itself."
          : undefined,
    confirm: {
      title: `Renew ${name}`,
      says: <p>The same names and the same key for another term. The one from before counts until it ends.</p>,
    },
    done: async (after) => {
      await navigate({ to: "/settings/certificates/$certificate", params: { certificate: after.id }, search: (was: object) => was });
      return `${name} is renewed; give its holder the new chain.`;
    },
  });
  return (
    <>
      <div className={classes["row"]}>
        <State look={stateLooks[state]} />
        <span className={classes["gap"]} />
        <Button
          variant="default"
          leftSection={<IconDownload size={14} />}
          onClick={() => download(`${name.replaceAll(/[^\w.-]+/g, "-")}.pem`, chain, "application/x-pem-file")}
        >
          Chain
        </Button>
        <ActBar acts={[renew]} />
        {state === "valid" && (
          <Button variant="default" disabled={noRevoking !== undefined} title={noRevoking} onClick={() => setAsking(true)}>
            Revoke…
          </Button>
        )}
      </div>
      <CertificateFacts certificate={certificate} />
      {asking && <Revoke certificate={certificate} close={() => setAsking(false)} />}
    </>
  );
}

function CertificateFacts({ certificate }: { certificate: CertificateDetail }) {
  const { kind, spiffeId, dnsNames, addresses, usages, serial, fingerprint, notBefore, notAfter, revokedAt, reason } = certificate;
  return (
    <Facts
      facts={[
        ["For", kindSays[kind]],
        spiffeId !== undefined && [
          "SPIFFE id",
          <span key="spiffe" className="mono">
            {spiffeId}
          </span>,
        ],
        ["DNS names", dnsNames.length === 0 ? <span className="dim">none</span> : dnsNames.join(", ")],
        ["Addresses", addresses.length === 0 ? <span className="dim">none</span> : addresses.join(", ")],
        ["As", usages.join(" and ")],
        revokedAt === undefined ? ["Ends", <Ends key="ends" at={notAfter} />] : ["Revoked", <When key="revoked" at={revokedAt} />],
        reason !== undefined && ["Why", reasons[reason]],
        ["Counts from", <Exact key="from" at={notBefore} />],
        ["to", <Exact key="to" at={notAfter} />],
        ["Renewed", certificate.automatic ? "by its holder, by itself" : "by people"],
        ["Issued for", <Actor key="by" actor={certificate.issuedBy} />],
        ["Serial", <Shortened key="serial" text={serial} shown={short(serial, 16)} what="serial number" />],
        ["SHA-256", <Shortened key="fingerprint" text={fingerprint} shown={short(fingerprint, 16)} what="fingerprint" />],
      ]}
    />
  );
}

function Revoke({ certificate: { id, name }, close }: { certificate: CertificateDetail; close: () => void }) {
  const queries = useQueryClient();
  const [reason, setReason] = useState<RevocationReason>("unspecified");
  const revoke = useMutation({
    mutationFn: () => invoke("pki.revoke", { id, reason }),
    onSuccess: () => {
      sayDone(`${name} is revoked; it is refused within a minute.`);
      close();
    },
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <FormDialog
      title={`Revoke ${name}`}
      submit="Revoke"
      onClose={close}
      onSubmit={(event) => {
        event.preventDefault();
        revoke.mutate();
      }}
      pending={revoke.isPending}
      problem={revoke.error}
      lines={linesOf("pki.revoke", { id, reason })}
    >
      <p>
        Whoever shows it is refused: by our own processes at once, by everybody else with the next revocation list, within a minute. A
        revoked certificate does not come back; issue another one instead.
      </p>
      <Select
        label="Why"
        allowDeselect={false}
        data-autofocus
        data={Object.entries(reasons).map(([value, label]) => ({ value, label }))}
        value={reason}
        onChange={(value) => setReason(value as RevocationReason)}
      />
    </FormDialog>
  );
}
