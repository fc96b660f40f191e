/** The authorities: who signs, until when, where their keys are; revocation lists; the SSH authority. */
import { useQuery } from "@tanstack/react-query";
import { IconArrowsExchange, IconRefresh } from "@tabler/icons-react";
import { Button } from "@mantine/core";
import { Outlet } from "@tanstack/react-router";
import type { Authority, PkiStatus } from "@holdfast/contract";
import { act, type Act } from "../../app/act.ts";
import { read } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { ActBar, ActButton } from "../../parts/act-bar.tsx";
import { Copy } from "../../parts/copy.tsx";
import { download } from "../../parts/csv.ts";
import { Ends } from "../../parts/ends-in.tsx";
import { plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { useNow, When } from "../../parts/when.tsx";
import { againMs, roles } from "./words.ts";
import classes from "./pki.module.css";

const crumbs = [{ label: "Certificates", to: "/settings/certificates" as const }];
const head: Heading[] = [{ label: "Authority" }, { label: "State", from: "wide" }, { label: "Key", from: "wide" }, { label: "Ends" }];
const crlHead: Heading[] = [
  { label: "List of" },
  { label: "Number", align: "end", from: "wide" },
  { label: "Signed" },
  { label: "Next by" },
];

export function AuthoritiesPage() {
  const status = useQuery({ ...read("pki.status", undefined), refetchInterval: againMs });
  return (
    <Page title="Authorities" crumbs={crumbs} say={answerOf(status, answer)} acts={status.data && <Acts status={status.data} />}>
      <Loaded query={status} skeleton={<RowsSkeleton rows={3} />}>
        {({ authorities }) =>
          authorities.length === 0 ? (
            <Panel>
              <p>There is none yet.</p>
            </Panel>
          ) : (
            <>
              <Table label="Authorities" head={head} acts>
                {authorities
                  .filter(({ role }) => role !== "ssh")
                  .map((one) => (
                    <AuthorityRow key={one.id} one={one} />
                  ))}
              </Table>
              <RevocationLists />
              <Ssh authorities={authorities.filter(({ role }) => role === "ssh")} />
            </>
          )
        }
      </Loaded>
      <Outlet />
    </Page>
  );
}

function answer({ authorities, trustDomain }: PkiStatus): string {
  const issuing = authorities.find(({ role, issuing: signs }) => role === "intermediate" && signs);
  const root = authorities.find(({ role, issuing: signs }) => role === "root" && signs);
  if (issuing === undefined) return "No intermediate can issue now.";
  const where = root === undefined ? "" : root.keyHere ? " The root’s key is in this system." : " The root’s key is kept elsewhere.";
  return `${issuing.name} issues${trustDomain === undefined ? "" : ` for ${trustDomain}`}.${where}`;
}

function Acts({ status }: { status: PkiStatus }) {
  const may = useMay();
  const root = status.authorities.find(({ role, issuing }) => role === "root" && issuing);
  const rotate = act({
    route: "pki.rotateIntermediate",
    input: {},
    label: "New intermediate",
    icon: <IconRefresh size={14} />,
    blocked:
      root === undefined
        ? "There is no root of ours to sign it."
        : root.keyHere
          ? undefined
          : "The root’s key is elsewhere; put it back first.",
    confirm: {
      title: "Make a new intermediate",
      says: <p>It issues from now on. What the one from before issued stays good until it ends or is revoked.</p>,
    },
    done: () => "A new intermediate issues from now on.",
  });
  return (
    <ActBar acts={[rotate]}>
      {may("pki.importAuthority") && (
        <LinkButton variant="default" to="/settings/certificates/authorities/import">
          Import your own
        </LinkButton>
      )}
      {may("pki.exportRoot") && root?.origin === "made" && (
        <LinkButton variant="default" to="/settings/certificates/authorities/root">
          The root’s key…
        </LinkButton>
      )}
    </ActBar>
  );
}

function retire(one: Authority): Act {
  return act({
    route: "pki.retire",
    input: { id: one.id },
    label: "Retire",
    tone: "danger",
    blocked: one.issuing ? "It signs what is issued now; make another one first." : undefined,
    confirm: {
      title: `Trust ${one.name} no more`,
      says: <p>Everything that it issued counts for nothing from then on, at once and everywhere. This cannot be undone.</p>,
      typing: one.name,
    },
    done: () => `${one.name} is not trusted any more.`,
  });
}

function AuthorityRow({ one }: { one: Authority }) {
  const { certificate, name, role, issuing, keyHere, origin } = one;
  return (
    <tr>
      <th scope="row">
        {name} <span className="dim">· {roles[role]}</span>
      </th>
      <td className={wideOnly}>
        <State
          look={
            issuing
              ? { tone: "ok", shape: "check", word: role === "root" ? "signs" : "issues" }
              : { tone: "mute", shape: "ring", word: "trusted only" }
          }
        />
      </td>
      <td className={wideOnly}>
        {keyHere ? "here, sealed" : "elsewhere"}
        {origin === "imported" && <span className="dim"> · yours</span>}
      </td>
      <td>
        <Ends at={one.notAfter} />
      </td>
      <ActsCell>
        {certificate !== undefined && (
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`PEM of ${name}`}
            onClick={() => download(`${name.replaceAll(/[^\w.-]+/g, "-")}.pem`, certificate, "application/x-pem-file")}
          >
            PEM
          </Button>
        )}
        <ActButton one={retire(one)} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}

function RevocationLists() {
  const crl = useQuery({ ...read("pki.crl", undefined), refetchInterval: againMs });
  return (
    <Panel title="Revocation lists" id="crl" flush>
      <Loaded query={crl} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) => (
          <Table label="Revocation lists" head={crlHead} acts flush>
            {items.map((list) => (
              <tr key={list.authority}>
                <th scope="row">{list.name}</th>
                <td className={wideOnly} style={{ textAlign: "right" }}>
                  {list.number}
                </td>
                <td>
                  <When at={list.thisUpdate} />
                </td>
                <td>
                  <NextList at={list.nextUpdate} />
                </td>
                <ActsCell>
                  <Button
                    variant="default"
                    size="compact-xs"
                    aria-label={`PEM of the list of ${list.name}`}
                    onClick={() => download(`${list.name.replaceAll(/[^\w.-]+/g, "-")}.crl.pem`, list.pem, "application/x-pem-file")}
                  >
                    PEM
                  </Button>
                </ActsCell>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
    </Panel>
  );
}

/** Lists are signed anew by themselves in time; only one that was not is worth a colour. */
function NextList({ at }: { at: string }) {
  const soon = Date.parse(at) - useNow(60_000) < 86_400_000;
  return soon ? <Ends at={at} /> : <When at={at} />;
}

function Ssh({ authorities }: { authorities: readonly Authority[] }) {
  const next = authorities.find(({ issuing }) => !issuing);
  const prepare = act({
    route: "pki.sshRotate",
    input: { step: "prepare" },
    label: "Prepare the next",
    icon: <IconRefresh size={13} />,
    blocked: next === undefined ? undefined : "The next one is there already: have devices trust it, then sign with it.",
    confirm: {
      title: "Prepare the next SSH authority",
      says: <p>Its public key is shown here. Nothing signs with it before you say so: first every device has to trust it.</p>,
    },
    done: () => "The next SSH authority is there; have devices trust its key.",
  });
  const use = act({
    route: "pki.sshRotate",
    input: { step: "use" },
    label: "Sign with the next",
    icon: <IconArrowsExchange size={13} />,
    tone: "danger",
    blocked: next === undefined ? "Prepare the next one first." : undefined,
    confirm: {
      title: "Sign with the next SSH authority",
      says: <p>Devices that do not trust its key yet refuse sign-ins by certificate from then on.</p>,
      typing: "every device trusts it",
    },
    done: () => "The next SSH authority signs from now on.",
  });
  return (
    <Panel
      title="SSH authority"
      id="ssh"
      beside={
        <span className={classes["row"]}>
          <ActButton one={prepare} size="compact-xs" />
          <ActButton one={use} size="compact-xs" />
        </span>
      }
    >
      <div className={classes["once"]}>
        <p className="dim">
          Signs certificates of a few minutes for sign-ins to devices. A device trusts it by these lines (
          {plural(authorities.length, "key")}), e.g. in OpenSSH’s <span className="mono">TrustedUserCAKeys</span>.
        </p>
        {authorities.map(({ id, issuing, publicKey = "" }) => (
          <div key={id}>
            <State
              look={issuing ? { tone: "ok", shape: "check", word: "signs now" } : { tone: "mute", shape: "ring", word: "trusted only" }}
            />
            <div className={classes["line"]}>
              <span>{publicKey}</span>
              <Copy text={publicKey} what="public key" />
            </div>
          </div>
        ))}
      </div>
    </Panel>
  );
}
