// Small files in one go: what would take a pool thread five times, each time with a turn of the event loop, takes it once.
#pragma once
#include "tree.hh"

namespace tideway {

// A file between two looks at it.
struct Whole {
  // Before and after it was read.
  std::vector<int64_t> slots;
  std::string bytes;
};

inline int64_t note(int fd, std::vector<int64_t>& slots) {
  struct statx stat = {};
  if (statx(fd, "", AT_EMPTY_PATH, kMask, &stat) < 0) return -errno;
  pack(stat, slots);
  return int64_t(stat.stx_size);
}

// A file above `limit` is looked at only.
inline int64_t readWhole(int root, const std::string& path, int64_t limit, Whole& into) {
  const Fd fd(openRegular(root, path));
  if (!fd.ok()) return fd.get();
  const int64_t size = note(fd.get(), into.slots);
  if (size < 0) return size;
  if (size <= limit) into.bytes.resize(size_t(size));
  for (size_t filled = 0; filled < into.bytes.size();) {
    const ssize_t got = pread(fd.get(), into.bytes.data() + filled, into.bytes.size() - filled, off_t(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) into.bytes.resize(filled);
    filled += size_t(got);
  }
  return note(fd.get(), into.slots) < 0 ? -errno : 0;
}

inline int64_t fill(int fd, const std::string& bytes, int64_t mtime, bool sync, std::vector<int64_t>& slots) {
  for (size_t written = 0; written < bytes.size();) {
    const ssize_t put = pwrite(fd, bytes.data() + written, bytes.size() - written, off_t(written));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return -errno;
    written += size_t(put);
  }
  const int64_t timed = setTimes(fd, nullptr, mtime);
  if (timed < 0) return timed;
  if (sync && fsync(fd) < 0) return -errno;
  return note(fd, slots);
}

// A new file. After an error there is none.
inline int64_t writeWhole(int root, const std::string& path, const std::string& bytes, uint32_t mode, int64_t mtime,
                          bool sync, std::vector<int64_t>& slots) {
  Fd fd(createRegular(root, path, mode));
  if (!fd.ok()) return fd.get();
  int64_t done = fill(fd.get(), bytes, mtime, sync, slots);
  // A volume across a network may tell only now that there was no room.
  if (close(fd.release()) < 0 && done >= 0) done = -errno;
  if (done < 0) inParent(root, path, [](int dir, const char* leaf) { return unlinkat(dir, leaf, 0); });
  return done;
}

// Each path ends with NUL. What is not there, or is neither file nor directory, leaves its slots zero.
inline int64_t syncPaths(int root, const std::string& paths, std::vector<int64_t>& slots) {
  for (size_t at = 0; at < paths.size();) {
    const std::string path(paths.c_str() + at);
    at += path.size() + 1;
    struct statx stat = {};
    int64_t seen = attributes(root, path, stat);
    if (seen >= 0 && (S_ISREG(stat.stx_mode) || S_ISDIR(stat.stx_mode))) {
      const Fd fd(openBeneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
      seen = fd.get();
      if (fd.ok()) {
        if (fsync(fd.get()) < 0) return -errno;
        seen = note(fd.get(), slots);
        if (seen >= 0) continue;
      }
    }
    if (seen < 0 && seen != -ENOENT && seen != -ENOTDIR && seen != -ELOOP) return seen;
    slots.insert(slots.end(), kSlots, 0);
  }
  return 0;
}

}  // namespace tideway
