// Calls that name a path. Every path is resolved by openat2 beneath the held root: no symbolic link is followed, no
// mount is entered, and nothing that is swapped meanwhile leads outside. A name that is made, moved or removed is then
// used relative to its parent's descriptor.
#pragma once
#include <climits>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "stat.hh"

namespace tideway {

// A descriptor or -errno. EAGAIN means that a rename elsewhere made the kernel unsure: ask again, within a bound.
inline int openStep(int root, const std::string& path, uint64_t flags, uint64_t mode) {
  struct open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  for (int attempt = 0;; attempt++) {
    const long fd = syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (fd >= 0) return int(fd);
    const bool unsure = errno == EINTR || (errno == EAGAIN && !(flags & O_NONBLOCK));
    if (!unsure || attempt == 32) return -errno;
  }
}

// The kernel takes no path of PATH_MAX bytes or more at a time, but trees may be deeper: such a path is walked in steps, each
// beneath the directory before it.
inline int openBeneath(int root, const std::string& path, uint64_t flags, uint64_t mode = 0) {
  Fd above(-1);
  size_t at = 0;
  while (path.size() - at >= PATH_MAX) {
    const size_t slash = path.rfind('/', at + PATH_MAX - 1);
    if (slash == std::string::npos || slash <= at) return -ENAMETOOLONG;
    const int next =
        openStep(above.ok() ? above.get() : root, path.substr(at, slash - at), O_PATH | O_DIRECTORY, 0);
    if (next < 0) return next;
    above.reset(next);
    at = slash + 1;
  }
  return openStep(above.ok() ? above.get() : root, at == 0 ? path : path.substr(at), flags, mode);
}

// The directory that holds the last name of a path; for a path of one name that is the root itself.
class Parent {
 public:
  Parent(int root, const std::string& path) {
    const size_t slash = path.rfind('/');
    const bool direct = slash == std::string::npos;
    const int opened = direct ? -1 : openBeneath(root, path.substr(0, slash), O_PATH | O_DIRECTORY);
    owned_ = std::make_unique<Fd>(opened);
    fd_ = direct ? root : opened;
    leaf_ = direct ? path : path.substr(slash + 1);
  }
  // Negative: the parent could not be reached, and this is -errno.
  int fd() const { return fd_; }
  const char* leaf() const { return leaf_.c_str(); }

 private:
  std::unique_ptr<Fd> owned_;
  int fd_;
  std::string leaf_;
};

template <typename Call>
int64_t inParent(int root, const std::string& path, Call call) {
  const Parent parent(root, path);
  return parent.fd() < 0 ? parent.fd() : outcome(call(parent.fd(), parent.leaf()));
}

template <typename Call>
int64_t between(int root, const std::string& from, const std::string& to, Call call) {
  const Parent a(root, from);
  if (a.fd() < 0) return a.fd();
  const Parent b(root, to);
  if (b.fd() < 0) return b.fd();
  return outcome(call(a.fd(), a.leaf(), b.fd(), b.leaf()));
}

inline int64_t attributes(int root, const std::string& path, struct statx& into) {
  const Fd fd(openBeneath(root, path, O_PATH | O_NOFOLLOW));
  if (!fd.ok()) return fd.get();
  return outcome(statx(fd.get(), "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, kMask, &into));
}

// Opens a regular file to read, without waiting: a fifo or device is told from its attributes before it is opened.
// RACE: whoever may make a device under this very name in between gets it opened once (not blocking), and closed.
inline int openRegular(int root, const std::string& path) {
  struct statx stat = {};
  const int64_t seen = attributes(root, path, stat);
  if (seen < 0) return int(seen);
  if (S_ISDIR(stat.stx_mode)) return -EISDIR;
  if (S_ISLNK(stat.stx_mode)) return -ELOOP;
  if (!S_ISREG(stat.stx_mode)) return -EINVAL;
  Fd fd(openBeneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (!fd.ok()) return fd.get();
  struct stat opened = {};
  if (fstat(fd.get(), &opened) < 0) return -errno;
  return S_ISREG(opened.st_mode) ? fd.release() : -EINVAL;
}

// The mode is set again where the process's umask took bits from it.
inline int createRegular(int root, const std::string& path, uint32_t mode) {
  const Parent parent(root, path);
  if (parent.fd() < 0) return parent.fd();
  Fd fd(openat(parent.fd(), parent.leaf(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.ok()) return -errno;
  struct stat made = {};
  if (fstat(fd.get(), &made) < 0) return -errno;
  if ((made.st_mode & 07777) != mode && fchmod(fd.get(), mode) < 0) return -errno;
  return fd.release();
}

// A set-group-id bit that the new directory inherited is kept: it is what makes a shared folder stay shared.
inline int64_t makeDirectory(int root, const std::string& path, uint32_t mode) {
  return inParent(root, path, [mode](int dir, const char* leaf) {
    if (mkdirat(dir, leaf, mode) < 0) return -1;
    struct stat made = {};
    if (fstatat(dir, leaf, &made, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    if ((made.st_mode & 01777) == mode) return 0;
    return fchmodat(dir, leaf, mode | (made.st_mode & S_ISGID), AT_SYMLINK_NOFOLLOW);
  });
}

inline struct timespec timespecOf(int64_t ns) {
  const int64_t rest = ((ns % 1'000'000'000) + 1'000'000'000) % 1'000'000'000;
  return {time_t((ns - rest) / 1'000'000'000), long(rest)};
}

inline int64_t setTimes(int dir, const char* leaf, int64_t mtime) {
  const struct timespec times[] = {{0, UTIME_OMIT}, timespecOf(mtime)};
  return outcome(leaf == nullptr ? futimens(dir, times) : utimensat(dir, leaf, times, AT_SYMLINK_NOFOLLOW));
}

}  // namespace tideway
