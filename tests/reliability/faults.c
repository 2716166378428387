// Fails the Nth file operation of a program, whatever library or bare system call makes it.
//
//   faults N ERRNO once|always REPORT PREFIX -- PROGRAM ARGUMENT...
//
// Counted are writes, syncs, renames, removals, truncations, and openings to write, of paths that
// begin with PREFIX. The Nth gives ERRNO; with `always` every later one too. 0 fails none. REPORT
// gets the number of operations that were made and the name of the one that failed. Ends as the
// program does; a signal as 128 and its number. A supervisor of seccomp notifications: a preloaded
// library would not see the operations that go past libc.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Where an operation names its file: by descriptor, by path, or by directory and path.
enum { FD, PATH, AT, OPENAT };
static const struct { int number; int how; const char *name; } OPERATIONS[] = {
    {SYS_write, FD, "write"}, {SYS_pwrite64, FD, "pwrite"}, {SYS_writev, FD, "writev"},
    {SYS_pwritev, FD, "pwritev"}, {SYS_fsync, FD, "fsync"}, {SYS_fdatasync, FD, "fdatasync"},
    {SYS_ftruncate, FD, "ftruncate"}, {SYS_fallocate, FD, "fallocate"},
    {SYS_copy_file_range, 4, "copy_file_range"}, {SYS_sendfile, FD, "sendfile"},
    {SYS_rename, PATH, "rename"}, {SYS_unlink, PATH, "unlink"}, {SYS_mkdir, PATH, "mkdir"},
    {SYS_renameat, AT, "rename"}, {SYS_renameat2, AT, "rename"}, {SYS_linkat, AT, "link"},
    {SYS_unlinkat, AT, "unlink"}, {SYS_mkdirat, AT, "mkdir"}, {SYS_openat, OPENAT, "open"},
};
enum { COUNT = sizeof OPERATIONS / sizeof *OPERATIONS };

static void die(const char *what) {
    perror(what);
    exit(125);
}

static int install(void) {
    struct sock_filter filter[COUNT + 4];
    int n = 0;
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < COUNT; i++)
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPERATIONS[i].number, COUNT - i, 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = {.len = n, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
    int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (fd < 0) die("seccomp");
    return fd;
}

static void pass(int through, int fd) {
    char byte = 0, control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (sendmsg(through, &message, 0) < 0) die("sendmsg");
}

static int receive(int through) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(through, &message, 0) <= 0) die("recvmsg");
    int fd;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

static void linked(pid_t pid, int fd, char *path, size_t size) {
    char name[64];
    if (fd == AT_FDCWD) snprintf(name, sizeof name, "/proc/%d/cwd", pid);
    else snprintf(name, sizeof name, "/proc/%d/fd/%d", pid, fd);
    ssize_t length = readlink(name, path, size - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void named(pid_t pid, uint64_t address, char *path, size_t size) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/mem", pid);
    int memory = open(name, O_RDONLY | O_CLOEXEC);
    // Not over the end of a page, after which there may be none.
    size_t most = 4096 - address % 4096;
    ssize_t length = memory < 0 ? -1 : pread(memory, path, most < size - 1 ? most : size - 1, address);
    if (length > 0 && (size_t)length == most && !memchr(path, 0, length) && most < size - 1) {
        ssize_t more = pread(memory, path + length, size - 1 - length, address + length);
        if (more > 0) length += more;
    }
    path[length < 0 ? 0 : length] = 0;
    close(memory);
}

// Returns the operation's place in the table if its file lies under the prefix, or -1.
static int counted(const struct seccomp_notif *asked, const char *prefix) {
    int i = 0;
    while (OPERATIONS[i].number != asked->data.nr) i++;
    const __u64 *args = asked->data.args;
    char path[8192] = "", rest[4096] = "";
    switch (OPERATIONS[i].how) {
    case OPENAT:
        if (!(args[2] & (O_WRONLY | O_RDWR | O_CREAT)) || args[2] & O_TMPFILE & ~O_DIRECTORY) return -1;
        // fall through
    case AT:
        named(asked->pid, args[1], rest, sizeof rest);
        if (rest[0] != '/') {
            linked(asked->pid, (int)args[0], path, 4096);
            strcat(path, "/");
        }
        strcat(path, rest);
        break;
    case PATH:
        named(asked->pid, args[0], path, sizeof path);
        break;
    case FD:
        linked(asked->pid, (int)args[0], path, sizeof path);
        break;
    default:
        linked(asked->pid, (int)args[2], path, sizeof path);
    }
    return strncmp(path, prefix, strlen(prefix)) ? -1 : i;
}

int main(int argc, char **argv) {
    if (argc < 8) return 125;
    long target = atol(argv[1]), made = 0;
    int error = atoi(argv[2]), always = !strcmp(argv[3], "always");
    const char *report = argv[4], *prefix = argv[5], *failed = "none";
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) die("socketpair");
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pass(pair[1], install());
        execvp(argv[7], argv + 7);
        _exit(126);
    }
    close(pair[1]);
    int listener = receive(pair[0]);
    struct seccomp_notif asked;
    struct pollfd ready = {listener, POLLIN, 0};
    while (poll(&ready, 1, -1) >= 0 && !(ready.revents & POLLHUP)) {
        memset(&asked, 0, sizeof asked);
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked)) continue;
        struct seccomp_notif_resp answer = {.id = asked.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        int i = counted(&asked, prefix);
        if (i >= 0) {
            made++;
            if (target && (made == target || (always && made > target))) {
                if (made == target) failed = OPERATIONS[i].name;
                answer.flags = 0, answer.error = -error;
            }
        }
        // It may have been killed meanwhile.
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    int status;
    waitpid(child, &status, 0);
    FILE *out = fopen(report, "w");
    if (!out) die(report);
    fprintf(out, "%ld %s\n", made, failed);
    fclose(out);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
