/** Where an identity provider sends people back to: they sign in, link themselves, or proved again who they are. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { invoke } from "../../app/api.ts";
import { provedChannel, takeBegun, type Begun } from "../../app/begun.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import { Door } from "./door.tsx";
import { safeNext } from "./fragment.ts";
import { SecondFactor, useSignInSteps } from "./second-factor.tsx";

const backRoute = getRouteApi("/sign-in/callback/$provider");
const titles: Record<Begun["purpose"], string> = { "sign-in": "Signing in", link: "Linking you", "step-up": "Proving that it is you" };

export function ProviderBackPage() {
  const { provider } = backRoute.useParams();
  const [begun] = useState(takeBegun);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const steps = useSignInSteps(begun.next);
  const back = async (says: string): Promise<void> => {
    await queries.invalidateQueries();
    sayDone(says);
    await navigate({ href: safeNext(begun.next), replace: true });
  };
  const finish = useMutation({
    mutationFn: async (query: string): Promise<unknown> => {
      const came = { provider, query };
      if (begun.purpose === "link") return back(`You are ${(await invoke("federation.finishLink", came)).name} there.`);
      if (begun.purpose === "sign-in") return steps.answered(await invoke("federation.finish", came));
      await invoke("federation.finishStepUp", came);
      if (begun.next !== undefined) return back("That was you; now do it once more.");
      // The window that waits for this one goes on.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
      new BroadcastChannel(provedChannel).postMessage("proved");
      return window.close();
    },
  });
  const { mutate } = finish;
  const once = useRef(false);
  useEffect(() => {
    // An answer counts once, however often this page is drawn, and it stays in no history.
    if (once.current) return;
    once.current = true;
    const query = location.search.slice(1);
    history.replaceState(history.state, "", location.pathname);
    mutate(query);
  }, [mutate]);
  if (steps.challenge) return <SecondFactor challenge={steps.challenge} next={begun.next} again={steps.again} />;
  const elsewhere = begun.purpose === "sign-in" ? "/sign-in" : "/settings/profile";
  return (
    <Door
      title={titles[begun.purpose]}
      says={finish.isSuccess ? "It counts; you can close this window." : finish.error === null ? "One moment." : undefined}
    >
      {finish.error !== null && (
        <>
          <ProblemNotice thrown={finish.error} />
          <LinkButton to={elsewhere} size="sm">
            {begun.purpose === "sign-in" ? "To the sign-in" : "To your profile"}
          </LinkButton>
        </>
      )}
    </Door>
  );
}
