/** What failed: the sentence, the places at fault, and the request id that finds the log lines. */
import { Button } from "@mantine/core";
import { isMissing, viewProblem } from "../app/problem-view.ts";
import { Copy } from "./copy.tsx";
import { Glyph } from "./glyph.tsx";
import classes from "./problem-notice.module.css";

interface ProblemNoticeProps {
  thrown: unknown;
  retry?: () => void;
}

export function ProblemNotice({ thrown, retry }: ProblemNoticeProps) {
  const problem = viewProblem(thrown);
  return (
    <div className={classes["notice"]} role="alert">
      <Glyph shape={isMissing(thrown) ? "question" : "alert"} tone="bad" size={16} />
      <div className={classes["body"]}>
        <p className={classes["say"]}>{problem.say}</p>
        {problem.places.length > 0 && (
          <ul className={classes["places"]}>
            {problem.places.map((place) => (
              <li key={`${place.at} ${place.say}`}>
                <span className="mono">{place.at}</span> {place.say}
              </li>
            ))}
          </ul>
        )}
        <p className={classes["foot"]}>
          <span className="mono">{problem.code}</span>
          {problem.requestId !== undefined && (
            <>
              {" · request "}
              <span className="mono">{problem.requestId}</span> <Copy text={problem.requestId} what="request id" />
            </>
          )}
        </p>
      </div>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
