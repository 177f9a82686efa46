// A directory with the attributes of each entry, in one call off the main thread: this is what makes a rescan cheap.
#pragma once
#include <dirent.h>
#include <unordered_set>

#include "tree.hh"

namespace tideway {

struct Listing {
  // Names in the order of `slots`, each followed by '/', which no name holds.
  std::string names;
  std::vector<int64_t> slots;
  // Of the directory itself, afterwards.
  struct statx self = {};
};

inline bool sameTime(const struct statx& a, const struct statx& b) {
  return nanoseconds(a.stx_mtime) == nanoseconds(b.stx_mtime) && nanoseconds(a.stx_ctime) == nanoseconds(b.stx_ctime);
}

inline int64_t readNames(int dir, std::vector<std::string>& names) {
  static constexpr size_t kBuffer = 64 * 1024;
  const auto buffer = std::make_unique<char[]>(kBuffer);
  if (lseek(dir, 0, SEEK_SET) < 0) return -errno;
  for (;;) {
    const long bytes = syscall(SYS_getdents64, dir, buffer.get(), kBuffer);
    if (bytes < 0) return -errno;
    if (bytes == 0) return 0;
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const struct dirent64*>(buffer.get() + at);
      at += entry->d_reclen;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
    }
  }
}

inline int64_t readStats(int dir, const std::vector<std::string>& names, Listing& into) {
  into.names.clear();
  into.slots.clear();
  into.slots.reserve(names.size() * kSlots);
  for (const auto& name : names) {
    struct statx stat = {};
    if (statx(dir, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, kMask, &stat) < 0) {
      if (errno == ENOENT) continue;
      return -errno;
    }
    into.names.append(name).push_back('/');
    pack(stat, into.slots);
  }
  return 0;
}

// A rename inside a directory while it is read can hide an entry: neither the old nor the new name is met, and a scanner
// would take a live file for deleted. So a directory that changed meanwhile is read again, up to three times, and every
// name met counts. RACE: an entry that is renamed in each of the rounds, out of reach every time, is still missed.
inline int64_t list(int root, const std::string& path, Listing& into) {
  const Fd dir(openBeneath(root, path, O_RDONLY | O_DIRECTORY));
  if (!dir.ok()) return dir.get();
  std::vector<std::string> names;
  for (int round = 0; round < 3; round++) {
    struct statx before = {};
    if (statx(dir.get(), "", AT_EMPTY_PATH, kMask, &before) < 0) return -errno;
    int64_t done = readNames(dir.get(), names);
    if (round > 0) {
      const std::unordered_set<std::string> unique(names.begin(), names.end());
      names.assign(unique.begin(), unique.end());
    }
    if (done >= 0) done = readStats(dir.get(), names, into);
    if (done < 0) return done;
    if (statx(dir.get(), "", AT_EMPTY_PATH, kMask, &into.self) < 0) return -errno;
    if (sameTime(before, into.self)) break;
  }
  return int64_t(into.slots.size() / kSlots);
}

}  // namespace tideway
