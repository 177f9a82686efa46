// Users and groups by number and by name, as the machine's name service knows them (files, LDAP, Active Directory ...).
#pragma once
#include <grp.h>
#include <pwd.h>
#include <vector>

#include "call.hh"

namespace tideway {

// Calls one of the get...r functions with a buffer that is large enough. -ENOENT: there is no such account.
template <typename Record, typename Find>
int64_t account(Find find, const Record*& found, Record& record, std::vector<char>& buffer) {
  constexpr size_t kMost = 1 << 20;
  for (size_t size = 1024; size <= kMost; size *= 4) {
    buffer.resize(size);
    Record* result = nullptr;
    const int failed = find(&record, buffer.data(), buffer.size(), &result);
    if (failed == ERANGE) continue;
    found = result;
    if (result != nullptr) return 0;
    // Several numbers mean that nobody of this name or number is known (see getpwnam(3)).
    const bool unknown = failed == 0 || failed == ENOENT || failed == ESRCH || failed == EBADF || failed == EPERM;
    return unknown ? -ENOENT : -failed;
  }
  return -ERANGE;
}

inline int64_t accountName(bool group, uint32_t id, std::string& into) {
  std::vector<char> buffer;
  if (group) {
    struct group record = {};
    const struct group* found = nullptr;
    const int64_t done = account<struct group>(
        [id](auto* to, char* bytes, size_t size, auto** result) { return getgrgid_r(id, to, bytes, size, result); },
        found, record, buffer);
    if (done >= 0) into = found->gr_name;
    return done;
  }
  struct passwd record = {};
  const struct passwd* found = nullptr;
  const int64_t done = account<struct passwd>(
      [id](auto* to, char* bytes, size_t size, auto** result) { return getpwuid_r(id, to, bytes, size, result); },
      found, record, buffer);
  if (done >= 0) into = found->pw_name;
  return done;
}

inline int64_t accountId(bool group, const std::string& name) {
  std::vector<char> buffer;
  if (group) {
    struct group record = {};
    const struct group* found = nullptr;
    const int64_t done = account<struct group>(
        [&](auto* to, char* bytes, size_t size, auto** result) {
          return getgrnam_r(name.c_str(), to, bytes, size, result);
        },
        found, record, buffer);
    return done < 0 ? done : int64_t(found->gr_gid);
  }
  struct passwd record = {};
  const struct passwd* found = nullptr;
  const int64_t done = account<struct passwd>(
      [&](auto* to, char* bytes, size_t size, auto** result) {
        return getpwnam_r(name.c_str(), to, bytes, size, result);
      },
      found, record, buffer);
  return done < 0 ? done : int64_t(found->pw_uid);
}

}  // namespace tideway
