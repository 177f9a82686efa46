// What a stat does not tell: where a symbolic link points, and `user.*` extended attributes. Entries are reached by O_PATH
// descriptors and /proc/self/fd, never opened: an open would break leases, and bring back a file whose content is in the
// cloud.
//
// Both travel packed, as fields: a uint32 in the machine's byte order and that many bytes.
#pragma once
#include <map>

#include "file.hh"

namespace tideway {

constexpr char kUserPrefix[] = "user.";

inline void putNumber(std::string& into, uint32_t value) {
  into.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void putField(std::string& into, const std::string& bytes) {
  putNumber(into, uint32_t(bytes.size()));
  into.append(bytes);
}

// False: there is no whole field left.
inline bool takeField(const std::string& from, size_t& at, std::string& into) {
  uint32_t length = 0;
  if (from.size() - at < sizeof length) return false;
  memcpy(&length, from.data() + at, sizeof length);
  at += sizeof length;
  if (from.size() - at < length) return false;
  into.assign(from, at, length);
  at += length;
  return true;
}

using Xattrs = std::map<std::string, std::string>;

inline std::string procPath(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// All `user.*` of what the descriptor stands for. What goes while it is read is left out.
inline int64_t readXattrs(int fd, Xattrs& into) {
  const std::string path = procPath(fd);
  std::string names;
  const int64_t listed = growing(names, [&](char* to, size_t size) { return listxattr(path.c_str(), to, size); });
  if (listed < 0) return listed;
  for (size_t at = 0; at < names.size();) {
    const std::string name(names.c_str() + at);
    at += name.size() + 1;
    if (name.rfind(kUserPrefix, 0) != 0) continue;
    std::string value;
    const int64_t got =
        growing(value, [&](char* to, size_t size) { return getxattr(path.c_str(), name.c_str(), to, size); });
    if (got == -ENODATA) continue;
    if (got < 0) return got;
    into.emplace(name, std::move(value));
  }
  return 0;
}

inline int64_t readTarget(int fd, std::string& into) {
  into.resize(PATH_MAX);
  const ssize_t length = readlinkat(fd, "", into.data(), into.size());
  if (length < 0) return -errno;
  into.resize(size_t(length));
  return 0;
}

struct Details {
  std::string fields;
  std::vector<int64_t> slots;
};

// One entry: its stat, then how many attributes follow (kUntold: they cannot be told), the target, and of each attribute name
// and value.
constexpr uint32_t kUntold = UINT32_MAX;

inline int64_t describe(int dir, const std::string& name, Details& into) {
  struct statx stat = {};
  const Fd fd(openBeneath(dir, name, O_PATH | O_NOFOLLOW));
  if (fd.get() == -EXDEV) {
    // Another volume is mounted here: what it is, but nothing of what is in it.
    if (statx(dir, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, kMask, &stat) < 0) return -errno;
    pack(stat, into.slots);
    putNumber(into.fields, kUntold);
    putField(into.fields, "");
    return 0;
  }
  if (!fd.ok()) return fd.get();
  std::string target;
  Xattrs xattrs;
  int64_t told = -EOPNOTSUPP;
  // RACE: before the attributes. A later stat may have the ctime of attributes that were set after they were read here, and
  // nobody would ever look at them again; with an earlier one, whoever looks next does.
  if (statx(fd.get(), "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, kMask, &stat) < 0) return -errno;
  if (S_ISLNK(stat.stx_mode)) {
    const int64_t read = readTarget(fd.get(), target);
    if (read < 0) return read;
  } else if (S_ISREG(stat.stx_mode) || S_ISDIR(stat.stx_mode)) {
    told = readXattrs(fd.get(), xattrs);
  }
  pack(stat, into.slots);
  putNumber(into.fields, told < 0 ? kUntold : uint32_t(xattrs.size()));
  putField(into.fields, target);
  if (told < 0) return 0;
  for (const auto& [key, value] : xattrs) {
    putField(into.fields, key);
    putField(into.fields, value);
  }
  return 0;
}

// Of entries of one directory; `names` are followed by '/'. One that is gone has zeros for its stat, and no fields.
inline int64_t details(int root, const std::string& path, const std::string& names, Details& into) {
  const Fd dir(openBeneath(root, path, O_PATH | O_DIRECTORY));
  if (!dir.ok()) return dir.get();
  for (size_t at = 0; at < names.size();) {
    const size_t end = names.find('/', at);
    if (end == std::string::npos) return -EINVAL;
    const int64_t seen = describe(dir.get(), names.substr(at, end - at), into);
    at = end + 1;
    if (seen >= 0) continue;
    if (seen != -ENOENT) return seen;
    into.slots.insert(into.slots.end(), kSlots, 0);
  }
  return 0;
}

// Makes the `user.*` attributes of a file or directory exactly these (fields: name, value ...). What is so already is not
// touched, so that ctime stays.
inline int64_t setXattrs(int root, const std::string& path, const std::string& fields) {
  const Fd fd(openBeneath(root, path, O_PATH | O_NOFOLLOW));
  if (!fd.ok()) return fd.get();
  struct stat there = {};
  if (fstat(fd.get(), &there) < 0) return -errno;
  if (!S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)) return -EOPNOTSUPP;
  Xattrs wanted;
  std::string name;
  std::string value;
  for (size_t at = 0; at < fields.size();) {
    if (!takeField(fields, at, name) || !takeField(fields, at, value)) return -EINVAL;
    if (name.rfind(kUserPrefix, 0) != 0) return -EINVAL;
    wanted[name] = value;
  }
  Xattrs known;
  const int64_t read = readXattrs(fd.get(), known);
  if (read < 0) return read;
  const std::string proc = procPath(fd.get());
  for (const auto& [key, old] : known)
    if (wanted.count(key) == 0 && removexattr(proc.c_str(), key.c_str()) < 0 && errno != ENODATA) return -errno;
  for (const auto& [key, bytes] : wanted) {
    const auto old = known.find(key);
    if (old != known.end() && old->second == bytes) continue;
    if (setxattr(proc.c_str(), key.c_str(), bytes.data(), bytes.size(), 0) < 0) return -errno;
  }
  return 0;
}

// What else says who may do what with a file: POSIX ACL, Samba's, and the SELinux label.
constexpr const char* kAccess[] = {"system.posix_acl_access", "security.NTACL", "security.selinux"};

// Gives the file at `to` what the one at `from` has of these, and its own mode again, which an ACL changes. What this volume
// does not keep, or we may not set, is left out: 1 tells that something was set.
inline int64_t copyAccess(int root, const std::string& from, const std::string& to) {
  const Fd source(openBeneath(root, from, O_PATH | O_NOFOLLOW));
  if (!source.ok()) return source.get();
  const Fd target(openBeneath(root, to, O_PATH | O_NOFOLLOW));
  if (!target.ok()) return target.get();
  struct stat had = {};
  struct stat made = {};
  if (fstat(source.get(), &had) < 0 || fstat(target.get(), &made) < 0) return -errno;
  if (!S_ISREG(had.st_mode) || !S_ISREG(made.st_mode)) return 0;
  const std::string path = procPath(target.get());
  int64_t changed = 0;
  for (const char* name : kAccess) {
    std::string value;
    const int64_t got = growing(value, [&](char* into, size_t size) {
      return getxattr(procPath(source.get()).c_str(), name, into, size);
    });
    if (got > 0 && setxattr(path.c_str(), name, value.data(), value.size(), 0) == 0) changed = 1;
  }
  if (changed != 0 && chmod(path.c_str(), made.st_mode & 07777) < 0) return -errno;
  return changed;
}

}  // namespace tideway
