/** Something of each kind, so that attackers find more than empty lists. */

import type { Post } from "../../packages/server/test/served.ts";

export async function furnish(post: Post): Promise<void> {
  await post("/secrets", { name: "netops", value: { kind: "password", username: "netops", password: "kept well" } });
  for (const site of ["lyon", "oslo"])
    await post("/devices", { name: `${site}-edge-1`, platform: "ios", address: "127.0.0.1", port: 9, site, credential: "netops" });
  await post("/repositories", { name: "network", url: "https://127.0.0.1:9/network.git" });
  await post("/pki/init", { trustDomain: "holdfast.example" });
  await post("/pki/certificates", { kind: "agent", name: "lyon" });
  await post("/service-accounts", { name: "robot", grants: [{ role: "viewer" }] });
}
