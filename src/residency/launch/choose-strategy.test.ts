import { describe, expect, it } from "vitest";
import type { DeviceProfile } from "../profile/device-profile.ts";
import { chooseStrategy, kindOf, strategyOf } from "./choose-strategy.ts";

describe("the choice of a strategy", () => {
  const forbidding = {
    ...({} as DeviceProfile),
    deviceName: "X",
    doorbell: [],
    persistent: { allowed: false, reason: "it is Tuesday" },
  };
  const allowing = { ...forbidding, persistent: { allowed: true, reason: "seen" } };

  it("chooses persistent if the profile allows it, otherwise batch, with a reason", () => {
    expect(chooseStrategy(allowing, "auto")).toEqual({ name: "persistent", reason: "seen" });
    expect(chooseStrategy(forbidding, "auto")).toMatchObject({
      name: "batch",
      reason: expect.stringContaining("Tuesday"),
    });
    expect(chooseStrategy(forbidding, "dispatch").name).toBe("dispatch");
  });

  it("chooses adaptive on a card whose kernels see the host's stores", () => {
    const seen = { ...allowing, doorbell: [{ isSeen: true } as DeviceProfile["doorbell"][number]] };
    expect(chooseStrategy(seen, "auto", { isCard: true }).name).toBe("adaptive");
    expect(chooseStrategy(seen, "auto", { isCard: false }).name).toBe("persistent");
    expect(chooseStrategy(allowing, "auto", { isCard: true }).name).toBe("persistent");
    const among = ["dispatch", "batch"] as const;
    expect(chooseStrategy(forbidding, "auto", { isCard: true, among }).name).toBe("batch");
  });

  it("refuses a named strategy that the profile forbids", () => {
    expect(() => chooseStrategy(forbidding, "persistent")).toThrow(
      expect.objectContaining({
        code: "EW_STRATEGY_UNSUPPORTED",
        message: expect.stringContaining("Tuesday"),
      }),
    );
    expect(() => chooseStrategy(allowing, "warp" as never)).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
    );
  });
});

describe("the strategy that a caller asks for", () => {
  it("is the one that was named, or auto", () => {
    expect(strategyOf({})).toBe("auto");
    expect(strategyOf({ strategy: "leased", polite: false })).toBe("leased");
  });

  it("is batch if the caller is polite", () => {
    expect(strategyOf({ polite: true })).toBe("batch");
    expect(strategyOf({ polite: true, strategy: "batch" })).toBe("batch");
  });

  it("is persistent where the caller demands a resident kernel", () => {
    expect(strategyOf({ persistent: true })).toBe("persistent");
    expect(strategyOf({ persistent: true, strategy: "persistent" })).toBe("persistent");
  });

  it.each([
    [{ polite: true, strategy: "persistent" }, 'a polite kernel and the strategy "persistent" were both'],
    [{ polite: true, strategy: "adaptive" }, 'a polite kernel and the strategy "adaptive" were both'],
    [{ persistent: true, strategy: "batch" }, 'a resident kernel and the strategy "batch" were both'],
    [{ persistent: true, polite: true }, "a resident kernel and a polite kernel were both"],
  ] as const)("is not both of %o", (request, message) => {
    expect(() => strategyOf(request)).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });
});

describe("the kind of a kernel", () => {
  it("tells whether launches stay", () => {
    expect(["dispatch", "redispatch", "batch"].map((name) => kindOf(name as never))).toEqual([
      "bounded",
      "bounded",
      "bounded",
    ]);
    expect(["leased", "continuous", "persistent"].map((name) => kindOf(name as never))).toEqual([
      "resident",
      "resident",
      "resident",
    ]);
    expect(kindOf("adaptive")).toBe("adaptive");
  });
});
