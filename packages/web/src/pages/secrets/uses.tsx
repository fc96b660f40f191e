/** What signs in with a secret: devices and repositories that name it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { plural } from "../../parts/format.ts";
import classes from "./secrets.module.css";

export interface SecretUses {
  devices: { id: string; name: string }[];
  repositories: { id: string; name: string }[];
}

/** Undefined while it is read, or where one may see neither. */
export function useUses(name: string | undefined): SecretUses | undefined {
  const may = useMay();
  const devices = useInfiniteQuery({ ...readPages("devices.list", {}), enabled: name !== undefined && may("devices.list") });
  const repositories = useInfiniteQuery({ ...readPages("repositories.list", {}), enabled: name !== undefined && may("repositories.list") });
  if (devices.data === undefined && repositories.data === undefined) return undefined;
  return {
    devices: (devices.data ?? []).filter((device) => device.credential === name),
    repositories: (repositories.data ?? []).filter((repository) => repository.secret === name),
  };
}

const most = 12;

export function Uses({ name }: { name: string }) {
  const uses = useUses(name);
  if (uses === undefined) return <p className="dim">You may see neither devices nor repositories.</p>;
  const { devices, repositories } = uses;
  if (devices.length + repositories.length === 0) return <p className="dim">Nothing that you see names it.</p>;
  return (
    <>
      <p className="dim">
        {[
          ...(devices.length > 0 ? [plural(devices.length, "device")] : []),
          ...(repositories.length > 0 ? [plural(repositories.length, "repository", "repositories")] : []),
        ].join(" and ")}
        . A new version counts with their next connection, but for devices that an exchange has yet to reach;{" "}
        <span className="mono">holdfast secrets devices {name}</span> says which.
      </p>
      <ul className={classes["uses"]}>
        {repositories.map(({ id, name: repository }) => (
          <li key={id}>
            <Link to="/repositories/$repository" params={{ repository: id }}>
              {repository}
            </Link>{" "}
            <span className="dim">repository</span>
          </li>
        ))}
        {devices.slice(0, most).map(({ id, name: device }) => (
          <li key={id}>
            <Link to="/devices/$device" params={{ device }}>
              {device}
            </Link>
          </li>
        ))}
        {devices.length > most && <li className="dim">and {plural(devices.length - most, "more device", "more devices")}</li>}
      </ul>
    </>
  );
}
