/*
 * The native client: `everwarp search` without the start of Node, where the daemon answers.
 *
 *     ew search …          asks the daemon; ew followed by anything else runs the Node program in its place
 *     rg …                 the same client under the name rg takes ripgrep's arguments
 *
 * Guarantees, as of the Node client: where the daemon does not answer, nothing of the search was printed, and the Node
 * program runs in the place of this process. An answer that was printed in part and does not come to its end gives
 * exit code 2. What comes from the socket is checked before it is used. Nothing is written but the two streams.
 *
 * One program serves all installations: `everwarp client install` writes where Node and everwarp lie into the settings
 * of a copy. The numbers of the protocol are in protocol.h, which is made from src/daemon/protocol.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol.h"

/* Protocol numbers are little endian, and so is every machine that everwarp runs on. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the protocol is little endian");

extern char **environ;

/* `everwarp client install` finds them by the mark, and replaces only files that have it. Not const and not static, so
 * that no compiler takes the texts for the empty ones that they are here. */
struct settings {
  char mark[EVERWARP_SETTING_BYTES_MARK];
  char node[EVERWARP_SETTING_BYTES_NODE];
  char program[EVERWARP_SETTING_BYTES_PROGRAM];
  char version[EVERWARP_SETTING_BYTES_VERSION];
};
struct settings everwarp_settings = {.mark = EVERWARP_CLIENT_MARK};

enum use { USE_AUTO, USE_RUNNING, USE_OFF };

static char frame_buffer[EVERWARP_HEADER_BYTES + EVERWARP_PAYLOAD_BYTES_MAX];
/* Frames that are not passed on yet, one behind the other. */
static char held[EVERWARP_HELD_BYTES_MAX + 2 * EVERWARP_HEADER_BYTES + EVERWARP_PAYLOAD_BYTES_MAX];
static size_t held_bytes;
static int is_released;
static int messages_lost;

static uint32_t number_at(const char *bytes) {
  uint32_t number;
  memcpy(&number, bytes, sizeof number);
  return number;
}

static void cannot_run(const char *path) {
  dprintf(2, "everwarp: %s cannot be run: %s. Run everwarp client install again. [EW_PACKAGE_INCOMPLETE]\n", path,
          strerror(errno));
  _exit(2);
}

/* Runs the Node program in the place of this process. @param never whether it may ask the daemon once more */
static void run_node(char **words, int is_search, int never) {
  if (access(everwarp_settings.program, R_OK) != 0) cannot_run(everwarp_settings.program);
  size_t count = 0;
  while (words[count] != NULL) count++;
  char **all = calloc(count + 4, sizeof *all);
  if (all == NULL) _exit(2);
  size_t at = 0;
  all[at++] = everwarp_settings.node;
  all[at++] = everwarp_settings.program;
  if (is_search) all[at++] = "search";
  memcpy(all + at, words, count * sizeof *all);
  if (never) setenv("EVERWARP_DAEMON", "never", 1);
  signal(SIGPIPE, SIG_DFL);
  execv(everwarp_settings.node, all);
  execvp("node", all);
  cannot_run(everwarp_settings.node);
}

static int waits(int fd, short events) {
  struct pollfd poll_fd = {.fd = fd, .events = events};
  return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

/* Writes all bytes. @return 0, or the error of the system */
static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written >= 0) {
      bytes += written;
      length -= (size_t)written;
    } else if (errno == EAGAIN) {
      if (!waits(fd, POLLOUT)) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/* Passes one frame of output on. A reader that has seen enough ends the process with 0, as in everwarp search. */
static void pass_on(uint32_t kind, const char *payload, size_t length) {
  if (kind == EVERWARP_FRAME_ERRORS) {
    int error = write_all(2, payload, length);
    if (error != 0 && error != EPIPE) messages_lost = 1;
    return;
  }
  int error = write_all(1, payload, length);
  if (error == 0) return;
  if (error == EPIPE) _exit(0);
  dprintf(2, "everwarp: standard output cannot be written: %s [EW_PATH_UNWRITABLE]\n", strerror(error));
  _exit(2);
}

static void release(void) {
  for (size_t at = 0; at < held_bytes;) {
    uint32_t length = number_at(held + at);
    pass_on(number_at(held + at + 4), held + at + EVERWARP_HEADER_BYTES, length);
    at += EVERWARP_HEADER_BYTES + length;
  }
  held_bytes = 0;
  is_released = 1;
}

static void take_output(const char *frame, uint32_t kind, uint32_t length) {
  if (is_released) {
    pass_on(kind, frame + EVERWARP_HEADER_BYTES, length);
    return;
  }
  memcpy(held + held_bytes, frame, EVERWARP_HEADER_BYTES + length);
  held_bytes += EVERWARP_HEADER_BYTES + length;
  if (held_bytes > EVERWARP_HELD_BYTES_MAX) release();
}

/* The daemon gives no answer to its end: where nothing is printed yet, the Node program searches. */
static void give_up(char **words, const char *why) {
  if (!is_released) run_node(words, 1, 1);
  dprintf(2, "everwarp: %s, and a part of the answer is printed. Search again. [EW_DAEMON_DIED]\n", why);
  _exit(2);
}

static void take_decline(char **words, const char *payload, uint32_t length) {
  if (length >= 8 && !is_released && number_at(payload) == EVERWARP_DECLINE_OTHER_VERSION)
    dprintf(2, "everwarp: %.*s\n", (int)(length - 8), payload + 8);
  give_up(words, "the daemon ended the search");
}

/* Takes frames until the last one. It ends the process, with the exit code of the search if there is one. */
static void converse(int fd, char **words) {
  size_t have = 0;
  int is_accepted = 0;
  for (;;) {
    ssize_t got = read(fd, frame_buffer + have, sizeof frame_buffer - have);
    if (got < 0 && errno == EINTR) continue;
    /* What is printed in part is waited for. */
    if (got < 0 && errno == EAGAIN && is_released) continue;
    if (got <= 0) give_up(words, "the daemon ended");
    if (!is_accepted) {
      struct timeval patience = {.tv_sec = EVERWARP_ANSWER_TIMEOUT_MS / 1000};
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      is_accepted = 1;
    }
    have += (size_t)got;
    size_t at = 0;
    while (have - at >= EVERWARP_HEADER_BYTES) {
      const char *frame = frame_buffer + at;
      uint32_t length = number_at(frame), kind = number_at(frame + 4);
      if (length > EVERWARP_PAYLOAD_BYTES_MAX) give_up(words, "the daemon sent garbage");
      if (have - at < EVERWARP_HEADER_BYTES + (size_t)length) break;
      const char *payload = frame + EVERWARP_HEADER_BYTES;
      if (kind == EVERWARP_FRAME_OUTPUT || kind == EVERWARP_FRAME_ERRORS) take_output(frame, kind, length);
      if (kind == EVERWARP_FRAME_DECLINED) take_decline(words, payload, length);
      if (kind == EVERWARP_FRAME_EXIT && length == 4) {
        release();
        _exit(messages_lost ? 2 : (int)(number_at(payload) & 0xff));
      }
      at += EVERWARP_HEADER_BYTES + (size_t)length;
    }
    memmove(frame_buffer, frame_buffer + at, have - at);
    have -= at;
  }
}

/* A request that is being written. It is not longer than a frame, or it is not sent. */
struct request {
  size_t length;
  int is_too_long;
};

static void put(struct request *request, const void *bytes, size_t length) {
  if (length > sizeof frame_buffer - request->length) {
    request->is_too_long = 1;
    return;
  }
  memcpy(frame_buffer + request->length, bytes, length);
  request->length += length;
}

static void put_number(struct request *request, uint64_t number, size_t bytes) { put(request, &number, bytes); }

static void put_text(struct request *request, const char *text) {
  size_t length = strlen(text);
  put_number(request, length, 4);
  put(request, text, length);
}

static int is_sent(const char *variable) {
  for (const char *const *name = EVERWARP_SENT_VARIABLES; *name != NULL; name++) {
    size_t length = strlen(*name);
    int is_beginning = (*name)[length - 1] == '*';
    if (strncmp(variable, *name, is_beginning ? length - 1 : length) != 0) continue;
    if (is_beginning || variable[length] == '=') return strchr(variable, '=') != NULL;
  }
  return 0;
}

/* Writes the request into the frame buffer. @return its length with the header, 0 where it cannot be made */
static size_t make_request(char **words) {
  struct request request = {0};
  struct stat in = {0}, out = {0};
  char *cwd = getcwd(NULL, 0);
  if (cwd == NULL) return 0;
  uint32_t facts = 0;
  if (isatty(1)) facts |= EVERWARP_FACT_STDOUT_IS_TERMINAL;
  if (isatty(2)) facts |= EVERWARP_FACT_STDERR_IS_TERMINAL;
  if (fstat(0, &in) == 0 && (S_ISREG(in.st_mode) || S_ISFIFO(in.st_mode) || S_ISSOCK(in.st_mode)))
    facts |= EVERWARP_FACT_STDIN_IS_READABLE;
  if (fstat(1, &out) == 0 && S_ISREG(out.st_mode)) facts |= EVERWARP_FACT_STDOUT_IS_FILE;
  uint32_t word_count = 0, variable_count = 0;
  while (words[word_count] != NULL) word_count++;
  for (char **each = environ; *each != NULL; each++) variable_count += (uint32_t)is_sent(*each);
  put_number(&request, 0, 4);
  put_number(&request, EVERWARP_FRAME_SEARCH, 4);
  put_number(&request, EVERWARP_PROTOCOL_VERSION, 4);
  put_number(&request, facts, 4);
  put_number(&request, out.st_dev, 8);
  put_number(&request, out.st_ino, 8);
  put_number(&request, word_count, 4);
  put_number(&request, variable_count, 4);
  put_text(&request, everwarp_settings.version);
  put_text(&request, cwd);
  for (char **each = words; *each != NULL; each++) put_text(&request, *each);
  for (char **each = environ; *each != NULL; each++)
    if (is_sent(*each)) put_text(&request, *each);
  free(cwd);
  if (request.is_too_long) return 0;
  uint32_t payload_bytes = (uint32_t)(request.length - EVERWARP_HEADER_BYTES);
  memcpy(frame_buffer, &payload_bytes, sizeof payload_bytes);
  return request.length;
}

/* Connects to the daemon of this user. @return the socket, or -1 where there is none that can be believed */
static int open_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char folder[sizeof address.sun_path];
  const char *named = getenv("XDG_RUNTIME_DIR");
  int length = named != NULL && named[0] == '/' ? snprintf(folder, sizeof folder, "%s/everwarp", named)
                                                : snprintf(folder, sizeof folder, "/tmp/everwarp-%u", geteuid());
  if (length < 0 || (size_t)length >= sizeof folder) return -1;
  length = snprintf(address.sun_path, sizeof address.sun_path, "%s/daemon.socket", folder);
  if (length < 0 || (size_t)length >= sizeof address.sun_path) return -1;
  struct stat stats;
  if (lstat(folder, &stats) != 0 || !S_ISDIR(stats.st_mode)) return -1;
  if (stats.st_uid != geteuid() || (stats.st_mode & 077) != 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct timeval limit = {.tv_sec = EVERWARP_ACCEPT_TIMEOUT_MS / 1000,
                          .tv_usec = EVERWARP_ACCEPT_TIMEOUT_MS % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  struct ucred peer;
  socklen_t peer_bytes = sizeof peer;
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) == 0 && peer.uid == geteuid())
    return fd;
  close(fd);
  return -1;
}

static int send_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return 0;
    bytes += sent;
    length -= (size_t)sent;
  }
  return 1;
}

static enum use use_of(const char *value, enum use otherwise) {
  if (value == NULL) return otherwise;
  if (strcmp(value, "auto") == 0) return USE_AUTO;
  if (strcmp(value, "running") == 0) return USE_RUNNING;
  return strcmp(value, "off") == 0 ? USE_OFF : otherwise;
}

/* What --daemon and EVERWARP_DAEMON say, as src/daemon/protocol/daemon-use.ts reads them. */
static enum use daemon_use(char **words) {
  const char *variable = getenv("EVERWARP_DAEMON");
  if (variable != NULL && strcmp(variable, "never") == 0) return USE_OFF;
  enum use use = use_of(variable, USE_RUNNING);
  for (; *words != NULL && strcmp(*words, "--") != 0; words++) {
    if (strcmp(*words, "--daemon") == 0) use = use_of(words[1], use);
    if (strncmp(*words, "--daemon=", 9) == 0) use = use_of(*words + 9, use);
  }
  return use;
}

int main(int argc, char **argv) {
  const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  int is_ripgrep = argc > 0 && strcmp(slash == NULL ? argv[0] : slash + 1, "rg") == 0;
  if (!is_ripgrep && (argc < 2 || strcmp(argv[1], "search") != 0)) run_node(argc > 0 ? argv + 1 : argv, 0, 0);
  char **words = argv + (is_ripgrep ? 1 : 2);
  signal(SIGPIPE, SIG_IGN);
  enum use use = daemon_use(words);
  int fd = use == USE_OFF ? -1 : open_socket();
  /* The Node program starts a daemon where it is to. */
  if (fd < 0) run_node(words, 1, use != USE_AUTO);
  size_t length = make_request(words);
  if (length == 0 || !send_all(fd, frame_buffer, length)) run_node(words, 1, 1);
  converse(fd, words);
}
