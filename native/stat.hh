// The packed form of a file's attributes: ten slots of 8 bytes, read by lib/agent/fs/binding.ts.
//   doubles:  0 st_mode  1 size  2 links  3 uid  4 gid       (each exact below 2^53)
//   int64:    5 mtime ns 6 ctime ns  7 dev  8 ino        9 birth ns (0 where the file system keeps none)
#pragma once
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <vector>

#include "call.hh"

namespace tideway {

// Compared with lib/agent/fs/binding.ts: count both up whenever a call's arguments, its answer or a packed form changes.
constexpr int kVersion = 5;

constexpr size_t kSlots = 10;
constexpr unsigned kMask = STATX_BASIC_STATS | STATX_BTIME;

inline int64_t nanoseconds(const struct statx_timestamp& time) {
  return int64_t(time.tv_sec) * 1'000'000'000 + int64_t(time.tv_nsec);
}

inline void pack(const struct statx& from, std::vector<int64_t>& into) {
  const double numbers[] = {double(from.stx_mode), double(from.stx_size), double(from.stx_nlink), double(from.stx_uid),
                            double(from.stx_gid)};
  int64_t slots[kSlots];
  static_assert(sizeof(double) == sizeof(int64_t));
  memcpy(slots, numbers, sizeof numbers);
  slots[5] = nanoseconds(from.stx_mtime);
  slots[6] = nanoseconds(from.stx_ctime);
  slots[7] = int64_t(makedev(from.stx_dev_major, from.stx_dev_minor));
  slots[8] = int64_t(from.stx_ino);
  slots[9] = (from.stx_mask & STATX_BTIME) != 0 ? nanoseconds(from.stx_btime) : 0;
  into.insert(into.end(), slots, slots + kSlots);
}

// Null when the environment is ending, or out of memory: then there is nobody to answer.
inline napi_value arrayBuffer(napi_env env, const void* bytes, size_t length) {
  void* data = nullptr;
  napi_value result = nullptr;
  if (napi_create_arraybuffer(env, length, &data, &result) != napi_ok) return nullptr;
  if (length > 0) memcpy(data, bytes, length);
  return result;
}

inline napi_value packed(napi_env env, const std::vector<int64_t>& slots) {
  return arrayBuffer(env, slots.data(), slots.size() * sizeof(int64_t));
}

}  // namespace tideway
