import { expect, test } from "vitest";
import { askProof } from "./step-up.ts";

test("whoever proves it at an identity provider is told where, and nothing is asked on the terminal", async () => {
  await expect(askProof(["provider"])).rejects.toMatchObject({
    code: "cli_step_up_elsewhere",
    message: expect.stringContaining("in the console"),
  });
});
