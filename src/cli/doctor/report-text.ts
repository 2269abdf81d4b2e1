/** The doctor's report for people: one fact a line, aligned, with units. */
import type { DoctorReadings, ProbeName, PersistenceRow, Times } from "../../residency/index.ts";
import type { DeviceReport, Report } from "./examine.ts";

type Line = readonly [name: string, text: string];

const MIB = 2 ** 20;
const NAME_WIDTH = 16;

/** @returns the report, lines ended by a line feed */
export function reportText(report: Report): string {
  const { machine, devices, forbiddenNodes, cardUsers, search } = report;
  const lines: Line[] = [
    ["everwarp", machine.everwarp],
    ["Node", `${machine.node} on ${machine.os}`],
    ["CPU", `${machine.cpu}, ${machine.coreCount} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`],
    ["Vulkan", machine.noDevices ?? `${devices.length} ${devices.length === 1 ? "device" : "devices"}`],
  ];
  if (forbiddenNodes.length > 0) {
    const nodes = forbiddenNodes.join(", ");
    lines.push(["not allowed", `${nodes}: this user may not open them (group render or video)`]);
  }
  for (const device of devices) lines.push(["", ""], ...deviceLines(device));
  const users = cardUsers.map(({ name, process: id }) => `${name} (process ${id})`);
  lines.push(["", ""], ["GPUs used by", users.join(", ") || "nobody else that this user may see"]);
  lines.push(["search uses", search]);
  return lines.map(([name, text]) => `${name.padEnd(NAME_WIDTH)}${text}`.trimEnd() + "\n").join("");
}

function deviceLines(device: DeviceReport): Line[] {
  const { index, name, type, driver, apiVersion, memoryBytes, computeUnits, computeQueues } = device;
  const units = computeUnits === undefined ? "" : `, ${computeUnits} compute units`;
  const kind = type === "cpu" ? "software" : type;
  const lines: Line[] = [
    [`device ${index}`, `${name} (${kind}), ${Math.round(memoryBytes / MIB)} MiB${units}`],
    ["  driver", `${driver}, Vulkan ${apiVersion}`],
  ];
  const { profile, problem, profileFile, profileProblem } = device;
  if (profile === undefined) return [...lines, ["  unusable", problem ?? "no reason is known"]];
  const { persistent, loopLimit, pollsPerMs, clockTicksPerMs, measuredAt } = profile;
  lines.push(
    ["  queues", `${computeQueues} for compute`],
    ["  persistent", `${persistent.allowed ? "yes" : "no"}: ${persistent.reason}`],
    ["  loops", loopLimit === undefined ? "no limit" : `end silently after ${loopLimit} rounds`],
    [
      "  clock",
      clockTicksPerMs === undefined
        ? "kernels have none"
        : `${Math.round(clockTicksPerMs)} ticks a millisecond`,
    ],
    [
      "  polls",
      pollsPerMs === undefined ? "not known" : `${Math.round(pollsPerMs)} a millisecond, by an idle kernel`,
    ],
  );
  for (const linesOf of SECTIONS) lines.push(...linesOf(device));
  const place =
    profileProblem === undefined ? profileFile : `not kept, each process measures again (${profileProblem})`;
  lines.push(["  profile", `${place}, measured ${measuredAt}`]);
  return lines;
}

/** How the readings of a probe are shown. */
interface Section<Name extends ProbeName> {
  readonly probe: Name;
  readonly title: string;
  readonly texts: (reading: DoctorReadings[Name]) => string[];
}

const section = <Name extends ProbeName>(
  probe: Name,
  title: string,
  texts: Section<Name>["texts"],
): ((device: DeviceReport) => Line[]) => {
  return ({ readings, probes }) => {
    const reading = readings[probe];
    const { status, reason = "no reason is known" } = probes[probe];
    const shown = reading === undefined ? [`${status}: ${reason}`] : texts(reading);
    return shown.map((text, index) => [index === 0 ? `  ${title}` : "", text]);
  };
};

const SECTIONS = [
  section("memory", "memory", (roles) =>
    aligned(
      roles.map(({ role, type, kind, heap, heapBytes, why }) => [
        role,
        `type ${type}, ${kind}`,
        `heap ${heap} of ${Math.round(heapBytes / MIB)} MiB`,
        why,
      ]),
    ),
  ),
  section("doorbells", "doorbell", (readings) =>
    aligned(
      readings.map((reading) => [
        `type ${reading.memoryType}`,
        reading.isSeen ? `seen by a running kernel: ${micros(reading)}` : "not seen by a running kernel",
      ]),
    ),
  ),
  section("occupancy", "workgroups", (readings) =>
    aligned(
      readings.map(({ workgroupSize, workgroupCount, isSettled }) => [
        `of ${workgroupSize}`,
        `${isSettled ? "" : "at least "}${workgroupCount} together`,
      ]),
    ),
  ),
  section("neighbours", "side by side", ({ queues, together, isMainFree }) => [
    queues === 0
      ? "one resident kernel, and nothing beside it, because the device has one queue only"
      : `${together} resident kernels on ${queues} leased queues; the main queue ${isMainFree ? "runs" : "waits"} beside them`,
  ]),
  section("lease", "longest lease", ({ survivedMs, lostAtMs, limit }) => [
    lostAtMs === undefined
      ? `at least ${survivedMs.toFixed(survivedMs < 100 ? 1 : 0)} ms (${limit})`
      : `${survivedMs.toFixed(0)} ms; one of ${lostAtMs} ms was lost: ${limit}`,
  ]),
  section("dispatchCost", "dispatch", (cost) =>
    aligned([
      ["record", micros(cost.record)],
      ["submit", micros(cost.submit)],
      ["fence wait", micros(cost.fenceWait)],
      ["answer seen", micros(cost.answerSeen)],
      ["fence poll", micros(cost.fencePoll)],
      ["fence reset", micros(cost.fenceReset)],
    ]),
  ),
  section("roundTrips", "round trip", (trips) =>
    aligned(
      trips.map(({ strategy, times, reason }) => [
        strategy,
        times === undefined ? `no: ${reason}` : micros(times),
      ]),
    ),
  ),
  section("persistence", "persistence", (rows) => aligned(rows.flatMap(persistenceCells))),
];

/** A component: what it is, then what is left of it after each gap. */
function persistenceCells({ component, lifetime, cells, costUs, cost }: PersistenceRow): string[][] {
  const again = costUs === undefined ? cost : `${costUs.toFixed(costUs < 1 ? 2 : 1)} µs: ${cost}`;
  const gaps = new Map<string, { names: string[]; persists: string; seen: string }>();
  for (const { gap, persists, seen } of cells) {
    const same = gaps.get(`${persists} ${seen}`);
    if (same === undefined) gaps.set(`${persists} ${seen}`, { names: [gap], persists, seen });
    else same.names.push(gap);
  }
  return [
    [component, "by right", lifetime],
    ...[...gaps.values()].map(({ names, persists, seen }) => [
      "",
      `after ${names.join(", ")}`,
      `${persists}: ${seen}`,
    ]),
    ["", "cost", again],
  ];
}

const micros = ({ p50Us, p99Us }: Pick<Times, "p50Us" | "p99Us">): string =>
  `p50 ${p50Us.toFixed(1)} µs, p99 ${p99Us.toFixed(1)} µs`;

/** Cells in columns, as wide as the widest; the last one of a row takes what it needs. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 2)))
      .join("")
      .trimEnd(),
  );
}
