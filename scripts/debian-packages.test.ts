/** Both forms in which apt's sources name a mirror. */
import { expect, it } from "vitest";
// @ts-expect-error: `npm test` is plain JavaScript, so that it runs before anything is built.
import { mirrorIn } from "./debian-packages.mjs";

it.each([
  ["deb http://one.example/debian bookworm main\n", { uri: "http://one.example/debian" }],
  [
    "# deb http://no.example bookworm main\ndeb [arch=amd64 signed-by=/a.gpg] http://two.example bookworm main\n",
    { uri: "http://two.example", keyring: "/a.gpg" },
  ],
  [
    `Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security

Types: deb
URIs: http://three.example/debian
Suites: bookworm bookworm-updates
Signed-By: /keys/b.gpg
`,
    { uri: "http://three.example/debian", keyring: "/keys/b.gpg" },
  ],
  ["deb http://other.example/debian trixie main\n", undefined],
  ["deb-src http://source.example/debian bookworm main\n", undefined],
])("reads %j", (text, mirror) => {
  expect((mirrorIn as (text: string, release: string) => unknown)(text, "bookworm")).toEqual(mirror);
});
