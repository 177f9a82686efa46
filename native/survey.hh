// Many directories in one call, each as text that can be compared with what is known of it as a whole: for a tree in which
// nothing changed this is all that a rescan looks at.
#pragma once
#include <algorithm>
#include <charconv>
#include <numeric>

#include "list.hh"

namespace tideway {

struct Surveyed {
  // Of all directories, one after the other: see lib/agent/fs/lines.ts, which makes the same ones.
  std::string lines;
  // Of each: its entries or -errno, and the bytes of its lines.
  std::vector<double> counts;
  // Of each its own attributes, zero after an error.
  std::vector<int64_t> slots;
};

inline void number(std::string& into, int64_t value) {
  char digits[24];
  into.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

inline double doubleOf(int64_t slot) {
  double value;
  memcpy(&value, &slot, sizeof value);
  return value;
}

inline const char* kindOf(uint32_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "directory";
  return S_ISLNK(mode) ? "link" : "other";
}

inline void line(std::string_view name, const int64_t* slots, std::string& into) {
  const auto mode = uint32_t(doubleOf(slots[0]));
  into.append(name).append("/").append(kindOf(mode)).append("/");
  if (!S_ISDIR(mode)) number(into, int64_t(doubleOf(slots[1])));
  into.push_back('/');
  if (!S_ISDIR(mode)) number(into, slots[5]);
  into.push_back('/');
  if (!S_ISLNK(mode)) number(into, mode & 0777);
  into.push_back('/');
  number(into, slots[7]);
  into.push_back(':');
  number(into, slots[8]);
  into.push_back('/');
  number(into, slots[9]);
  into.push_back('/');
  number(into, slots[6]);
  into.push_back('\n');
}

// In the order of the names' bytes, which is that of SQLite.
inline void lines(const Listing& listing, std::string& into) {
  std::vector<std::string_view> names;
  for (size_t at = 0; at < listing.names.size();) {
    const size_t end = listing.names.find('/', at);
    names.emplace_back(listing.names.data() + at, end - at);
    at = end + 1;
  }
  std::vector<size_t> order(names.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return names[a] < names[b]; });
  for (const size_t at : order) line(names[at], &listing.slots[at * kSlots], into);
}

// Each path ends with NUL.
inline int64_t survey(int root, const std::string& paths, Surveyed& into) {
  Listing listing;
  for (size_t at = 0; at < paths.size();) {
    const std::string path(paths.c_str() + at);
    at += path.size() + 1;
    const int64_t count = list(root, path, listing);
    const size_t before = into.lines.size();
    if (count >= 0) {
      lines(listing, into.lines);
      pack(listing.self, into.slots);
    } else {
      into.slots.insert(into.slots.end(), kSlots, 0);
    }
    into.counts.push_back(double(count));
    into.counts.push_back(double(into.lines.size() - before));
  }
  return 0;
}

}  // namespace tideway
