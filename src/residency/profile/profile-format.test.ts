/** Any text either is a profile of a device or is refused. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";
import type { DeviceProfile } from "./device-profile.ts";
import { decodeProfile } from "./profile-format.ts";

const memoryType = { hostVisible: true, hostCoherent: true, deviceCoherent: false, protected: false };
const info = {
  name: "a device",
  driverInfo: "1.0",
  memoryTypes: [{ ...memoryType, index: 0, lazilyAllocated: false }],
} as unknown as DeviceInfo;
const doorbell = { memoryType: 0, isSeen: true, rounds: 64, p50Us: 1, p99Us: 2 };
const profile: DeviceProfile = {
  version: 3,
  deviceName: "a device",
  driverInfo: "1.0",
  measuredAt: "2026-01-01T00:00:00.000Z",
  loopLimit: undefined,
  pollsPerMs: 10,
  doorbell: [doorbell],
  persistent: { allowed: true, reason: "it was seen" },
  doctor: { lease: { survivedMs: 5, lostAtMs: undefined, limit: "none" } },
};
const anything = fc.oneof(
  fc.constantFrom(null, -1, 0.5, 1e300, "", "__proto__", [], {}, [null], [{ isSeen: true }]),
  fc.jsonValue({ maxDepth: 3 }),
);

test("decoding gives what was encoded", () => {
  expect(decodeProfile(JSON.stringify(profile), 3, info)).toEqual(JSON.parse(JSON.stringify(profile)));
});

test("with any value in any place, the text is refused or its parts are usable", () => {
  const fields = [...Object.keys(profile), "clockTicksPerMs"];
  fc.assert(
    fc.property(fc.constantFrom(...fields), anything, fc.nat(400), fc.string(), (field, value, at, noise) => {
      const text = JSON.stringify({ ...profile, [field]: value });
      for (const each of [text, noise, text.slice(0, at), text.slice(0, at) + noise + text.slice(at)]) {
        const found = decodeProfile(each, 3, info);
        if (found === undefined) continue;
        expect([found.deviceName, found.doorbell.at(-1)?.isSeen, found.doorbell.at(-1)?.memoryType]).toEqual([
          "a device",
          true,
          0,
        ]);
        expect(typeof found.persistent.allowed).toBe("boolean");
        if (found.loopLimit !== undefined) expect(found.loopLimit).toBeGreaterThan(0);
        for (const reading of found.doctor?.occupancy ?? [])
          expect(reading.workgroupCount).toBeTypeOf("number");
      }
    }),
    propertyRuns(2000),
  );
});
