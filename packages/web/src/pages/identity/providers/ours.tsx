/** What a provider has to be told of us, to copy; and what it signs with. */
import type { Provider } from "@holdfast/contract";
import { Copy } from "../../../parts/copy.tsx";
import { Ends } from "../../../parts/ends-in.tsx";
import { Facts, type Fact } from "../../../parts/facts.tsx";
import { short } from "../../../parts/format.ts";

interface OursProps {
  ours: NonNullable<Provider["ours"]>;
  certificates: Provider["certificates"];
}

export function Ours({ ours, certificates }: OursProps) {
  const line = (name: string, text: string | undefined): Fact =>
    text !== undefined && [
      name,
      <span key={name}>
        <span className="mono">{text.startsWith("-----") ? "PEM" : text}</span> <Copy text={text} what={name} />
      </span>,
    ];
  return (
    <section aria-label="What the provider has to know">
      <h3>What the provider has to know</h3>
      <Facts
        facts={[
          line("Redirect URL", ours.redirectUrl),
          line("Back-channel logout URL", ours.backchannelLogoutUrl),
          line("Entity id, and metadata", ours.entityId),
          line("ACS URL", ours.acsUrl),
          line("Logout URL", ours.sloUrl),
          line("Our certificate", ours.certificate),
          ...certificates.map((one): Fact => [
            "It signs with",
            <span key={one.sha256}>
              {one.subject} <span className="mono dim">{short(one.sha256, 16)}</span> <Ends at={one.expiresAt} />
            </span>,
          ]),
        ]}
      />
    </section>
  );
}
