// Asks `leakward guard` before and after each tool call. Goes into .opencode/plugins/, or ~/.config/opencode/plugins/.
import { spawnSync } from "node:child_process";

export const Leakward = async ({ directory }) => {
  const ask = (call) => {
    const run = spawnSync("leakward", ["guard", "--agent", "opencode"], {
      input: JSON.stringify({ cwd: directory, ...call }),
      encoding: "utf8",
      timeout: 10_000,
      maxBuffer: 64 << 20,
    });
    if (run.error || run.status !== 0) {
      // Not asked is not allowed.
      throw new Error(`leakward guard did not answer: ${run.error?.message ?? run.stderr}`);
    }
    return JSON.parse(run.stdout);
  };
  return {
    "tool.execute.before": async (input, output) => {
      const answer = ask({ event: "tool.execute.before", tool: input.tool, args: output.args });
      if (answer.decision !== "allow") throw new Error(answer.reason);
    },
    "tool.execute.after": async (input, output) => {
      const answer = ask({
        event: "tool.execute.after",
        tool: input.tool,
        args: input.args,
        output: output.output,
      });
      if (answer.decision !== "allow") output.output = answer.reason;
    },
  };
};
