/** What `everwarp lint` prints: for people, as JSON, and as SARIF 2.1.0. */
import path from "node:path";
import { bytesOfText, versionText } from "../../base/index.ts";
import { type Finding, RULES } from "../../lint/index.ts";
import type { FileReport } from "./files.ts";

const SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

/** A finding with its place: where it has none, the file that was checked. */
function placeOf(file: string, at: Finding["location"]): { file: string; line: number | undefined } {
  return { file: at?.file ?? file, line: at?.line };
}

function placeText(file: string, at: Finding["location"]): string {
  const { file: name, line } = placeOf(file, at);
  return line === undefined ? name : `${name}:${line}`;
}

/** For people: each finding in three lines, and a sum. */
export function reportText(reports: readonly FileReport[]): string {
  const findings = reports.flatMap(({ file, findings: found }) =>
    found.map((finding) => {
      const related = finding.related === undefined ? "" : ` (see ${placeText(file, finding.related)})`;
      return [
        `${placeText(file, finding.location)}: ${finding.severity}: ${finding.message}${related} [${finding.rule}]\n`,
        `    why:  ${finding.why}\n`,
        `    mend: ${finding.remedy}\n`,
      ].join("");
    }),
  );
  const errors = reports.flatMap(({ file, error }) =>
    error === undefined ? [] : [`${file}: not checked: ${error.message}\n`],
  );
  const checked = reports.length - errors.length;
  const sum = `${count(checked, "kernel")} checked, ${count(findings.length, "finding")}\n`;
  return [...new Set(findings), ...errors, sum].join("");
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

/** The document of `--json`. */
export function reportDocument(reports: readonly FileReport[]): object {
  return {
    files: reports.map(({ file, findings, error }) => ({
      file,
      findings: findings.map(({ location, related, ...rest }) => ({
        ...placeOf(file, location),
        ...rest,
        ...(related === undefined ? {} : { related: placeOf(file, related) }),
      })),
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    })),
  };
}

/** Byte text as a part of a URI: its bytes, and letters and digits as they are. */
function uriText(text: string): string {
  return bytesOfText(text)
    .toString("latin1")
    .replaceAll(/[^\w.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** The document of `--sarif`. */
export function sarifDocument(reports: readonly FileReport[]): object {
  const location = (file: string, at: Finding["location"]): object => {
    const { file: name, line } = placeOf(file, at);
    const uri = `${path.isAbsolute(name) ? "file://" : ""}${name.split(path.sep).map(uriText).join("/")}`;
    return {
      physicalLocation: {
        artifactLocation: { uri },
        ...(line === undefined ? {} : { region: { startLine: line } }),
      },
    };
  };
  const results = reports.flatMap(({ file, findings }) =>
    findings.map((finding) => ({
      ruleId: finding.rule,
      ruleIndex: RULES.findIndex(({ name }) => name === finding.rule),
      level: finding.severity,
      message: { text: `${finding.message}. ${finding.remedy}` },
      locations: [location(file, finding.location)],
      ...(finding.related === undefined ? {} : { relatedLocations: [location(file, finding.related)] }),
    })),
  );
  const notifications = reports.flatMap(({ file, error }) =>
    error === undefined
      ? []
      : [{ level: "error", message: { text: error.message }, locations: [location(file, undefined)] }],
  );
  const rules = RULES.map(({ name, summary, why, severity }) => ({
    id: name,
    shortDescription: { text: summary },
    fullDescription: { text: why },
    defaultConfiguration: { level: severity },
  }));
  return {
    $schema: SARIF_SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "everwarp lint", version: versionText().trim().split(/\s+/).at(-1), rules } },
        invocations: [
          { executionSuccessful: notifications.length === 0, toolExecutionNotifications: notifications },
        ],
        results,
      },
    ],
  };
}
