/** The one-time token of this address; also when it is pasted into a page that is open already. */
import { useWindowEvent } from "@mantine/hooks";
import { useState } from "react";
import { takeToken } from "./fragment.ts";

export function useToken(): string | undefined {
  const [token, setToken] = useState(takeToken);
  useWindowEvent("hashchange", () => setToken(takeToken()));
  return token;
}
