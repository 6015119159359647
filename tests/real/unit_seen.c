/* What a unit's program is: its arguments, environment, directory, user, and what its sandbox lets it do.
 *
 * unit_roundtrip.py puts this program where a unit's ExecStart points, with the paths to try on
 * standard input ("r /path", "w /path", "x /path", one a line) and a file as standard output. It
 * prints one JSON object, tells systemd that it is ready, and stays until it is ended. Bytes that
 * are no UTF-8 are written as \udcXX, as Python's surrogateescape reads them back.
 * Compiled with -DENDS it exits instead, for Type=oneshot.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int continuation(const unsigned char *s, int n) {
    for (int i = 1; i <= n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    return 1;
}

static int utf8(const unsigned char *s) { /* bytes of a valid sequence, or 0 */
    if (s[0] < 0x80) return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF && continuation(s, 1)) return 2;
    if (s[0] >= 0xE0 && s[0] <= 0xEF && continuation(s, 2)) {
        if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)) return 0;
        return 3;
    }
    if (s[0] >= 0xF0 && s[0] <= 0xF4 && continuation(s, 3)) {
        if ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

static void string(const char *text) {
    putchar('"');
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        int n = utf8(s);
        if (n == 0) { printf("\\udc%02x", *s++); continue; }
        if (n > 1) { fwrite(s, 1, n, stdout); s += n; continue; }
        if (*s == '"' || *s == '\\') printf("\\%c", *s);
        else if (*s < 0x20 || *s == 0x7f) printf("\\u%04x", *s);
        else putchar(*s);
        s++;
    }
    putchar('"');
}

static const char *readable(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return strerrorname_np(errno);
    if (S_ISDIR(st.st_mode)) {
        DIR *dir = opendir(path);
        if (!dir) return strerrorname_np(errno);
        int entries = 0;
        while (readdir(dir)) entries++;
        closedir(dir);
        return entries > 2 ? "ok" : "empty";
    }
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return errno == ENXIO && S_ISCHR(st.st_mode) ? "ok" : strerrorname_np(errno); /* allowed, no driver */
    close(fd);
    return "ok";
}

static const char *writable(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return strerrorname_np(errno);
    if (S_ISDIR(st.st_mode)) {
        char name[5100];
        snprintf(name, sizeof name, "%s/.seen-%d", path, (int)getpid());
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0) return strerrorname_np(errno);
        close(fd);
        unlink(name);
        return "ok";
    }
    int fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK);
    if (fd < 0) return errno == ENXIO && S_ISCHR(st.st_mode) ? "ok" : strerrorname_np(errno);
    close(fd);
    return "ok";
}

static const char *runnable(const char *path) { return access(path, X_OK) == 0 ? "ok" : strerrorname_np(errno); }

/* Each ability is tried in a child, because a forbidden system call kills the caller. */
static int a_socket(int family, int type) {
    int fd = socket(family, type, 0);
    return fd < 0 ? errno : 0;
}
static int try_inet(void) { return a_socket(AF_INET, SOCK_STREAM); }
static int try_inet6(void) { return a_socket(AF_INET6, SOCK_STREAM); }
static int try_unix(void) { return a_socket(AF_UNIX, SOCK_STREAM); }
static int try_netlink(void) { return a_socket(AF_NETLINK, SOCK_RAW); }
static int try_wx_memory(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return errno;
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}
static int try_affinity(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return errno;
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : errno;
}
static int try_nice(void) { return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0)) == 0 ? 0 : errno; }
static int try_meminfo(void) { return open("/proc/meminfo", O_RDONLY) < 0 ? errno : 0; }
static int try_cpuinfo(void) { return open("/proc/cpuinfo", O_RDONLY) < 0 ? errno : 0; }
static int try_cgroup(void) { return open("/sys/fs/cgroup/cgroup.controllers", O_RDONLY) < 0 ? errno : 0; }
static int try_namespace(void) { return unshare(CLONE_NEWUTS) == 0 ? 0 : errno; }
static int try_dri(void) { return access("/dev/dri", F_OK) == 0 ? 0 : errno; }

static void ability(const char *name, int (*attempt)(void), int last) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        _exit(attempt());
    }
    int status = 0;
    printf("\"%s\": ", name);
    if (child < 0 || waitpid(child, &status, 0) != child) string("unknown");
    else if (WIFSIGNALED(status)) printf("\"SIG%s\"", sigabbrev_np(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 0) string("ok");
    else string(strerrorname_np(WEXITSTATUS(status)));
    if (!last) printf(", ");
}

static void tell_ready(void) {
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name) return;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length >= sizeof address.sun_path) return;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + length);
    close(fd);
}

int main(int argc, char **argv) {
    char line[5000], cwd[5000];
    printf("{\"argv\": [");
    for (int i = 0; i < argc; i++) { if (i) printf(", "); string(argv[i]); }
    printf("], \"environ\": [");
    for (char **e = environ; *e; e++) { if (e != environ) printf(", "); string(*e); }
    printf("], \"cwd\": ");
    string(getcwd(cwd, sizeof cwd) ? cwd : "");
    gid_t groups[256];
    int count = getgroups(256, groups);
    printf(", \"uid\": %d, \"gid\": %d, \"groups\": [", (int)getuid(), (int)getgid());
    for (int i = 0; i < count; i++) printf(i ? ", %d" : "%d", (int)groups[i]);
    mode_t mask = umask(0);
    umask(mask);
    struct rlimit files = {0, 0};
    getrlimit(RLIMIT_NOFILE, &files);
    printf("], \"umask\": \"%04o\", \"nofile\": %llu, \"paths\": [", (unsigned)mask, (unsigned long long)files.rlim_cur);
    for (int first = 1; fgets(line, sizeof line, stdin); first = 0) {
        line[strcspn(line, "\n")] = 0;
        if (strlen(line) < 3) break;
        const char *path = line + 2;
        const char *answer = line[0] == 'r' ? readable(path) : line[0] == 'w' ? writable(path) : runnable(path);
        printf(first ? "[\"%c\", " : ", [\"%c\", ", line[0]);
        string(path);
        printf(", \"%s\"]", answer);
    }
    printf("], \"can\": {");
    ability("inet", try_inet, 0);
    ability("inet6", try_inet6, 0);
    ability("unix", try_unix, 0);
    ability("netlink", try_netlink, 0);
    ability("wx_memory", try_wx_memory, 0);
    ability("affinity", try_affinity, 0);
    ability("nice", try_nice, 0);
    ability("meminfo", try_meminfo, 0);
    ability("cpuinfo", try_cpuinfo, 0);
    ability("cgroup", try_cgroup, 0);
    ability("namespace", try_namespace, 0);
    ability("dev_dri", try_dri, 1);
    printf("}}\n");
    fflush(stdout);
    tell_ready();
#ifndef ENDS
    for (;;) pause();
#endif
    return 0;
}
