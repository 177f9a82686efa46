// Calls on an open file, and what only an open file can tell about the volume.
#pragma once
#include <csignal>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "tree.hh"

namespace tideway {

// A write lease is granted only while nobody else has the file open or mapped, so asking for one answers the question;
// it is given back at once. Whoever opens the file in that moment makes the kernel signal us: the default, SIGIO, would
// kill the process, so another signal is named, one that is ignored where nobody handles it.
// 0 = nobody, 1 = somebody, -errno: EACCES or EINVAL where it cannot be told.
inline int64_t leaseHeldOff(int fd) {
  if (fcntl(fd, F_SETSIG, SIGURG) < 0) return -errno;
  if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0) return errno == EAGAIN ? 1 : -errno;
  return fcntl(fd, F_SETLEASE, F_UNLCK) < 0 ? -errno : 0;
}

inline int64_t isOpen(int root, const std::string& path) {
  const Fd fd(openRegular(root, path));
  // Somebody else's lease stands in the way of our open that does not wait: so somebody has it open.
  if (fd.get() == -EAGAIN) return 1;
  return fd.ok() ? leaseHeldOff(fd.get()) : fd.get();
}

constexpr int kLeases = 1;
constexpr int kNanoseconds = 2;
constexpr int kXattrs = 4;

// What this volume keeps, tried on a nameless file: bits of the above, 0 where no such file can be made.
// -errno: openat2 itself is missing (before Linux 5.6) or forbidden (an old sandbox).
inline int64_t probe(int root) {
  const Fd again(openBeneath(root, "", O_RDONLY | O_DIRECTORY));
  if (!again.ok()) return again.get();
  const Fd file(openat(root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file.ok()) return 0;
  int64_t found = 0;
  constexpr int64_t kInstant = 1'234'567'890'123'456'789;
  struct statx stat = {};
  if (setTimes(file.get(), nullptr, kInstant) == 0 && statx(file.get(), "", AT_EMPTY_PATH, kMask, &stat) == 0 &&
      nanoseconds(stat.stx_mtime) == kInstant)
    found |= kNanoseconds;
  if (fsetxattr(file.get(), "user.tideway.probe", "", 0, 0) == 0) found |= kXattrs;
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  const bool alone = leaseHeldOff(file.get()) == 0;
  const Fd second(open(link.c_str(), O_RDONLY | O_CLOEXEC));
  if (alone && second.ok() && leaseHeldOff(second.get()) == 1) found |= kLeases;
  return found;
}

// Free bytes and inodes for this process's user, as {double, double}; inodes are -1 where the volume does not count them.
inline int64_t space(int root, double into[2]) {
  struct statfs stat = {};
  if (fstatfs(root, &stat) < 0) return -errno;
  into[0] = double(stat.f_bavail) * double(stat.f_frsize > 0 ? stat.f_frsize : stat.f_bsize);
  into[1] = stat.f_files == 0 ? -1 : double(stat.f_ffree);
  return 0;
}

// Extended attributes may grow between asking for the length and reading: then ERANGE says so, and it is asked again.
template <typename Read>
int64_t growing(std::string& into, Read read) {
  for (int attempt = 0; attempt < 8; attempt++) {
    const ssize_t length = read(nullptr, 0);
    if (length < 0) return -errno;
    into.resize(size_t(length));
    if (length == 0) return 0;
    const ssize_t got = read(into.data(), into.size());
    if (got >= 0) return into.resize(size_t(got)), got;
    if (errno != ERANGE) return -errno;
  }
  return -ERANGE;
}

}  // namespace tideway
