// The calls that Node lacks, for lib/agent/fs/binding.ts, which states each one's arguments and answers.
#include "accounts.hh"
#include "attributes.hh"
#include "survey.hh"
#include "watch.hh"
#include "whole.hh"

namespace tideway {
namespace {

napi_value statPath(napi_env env, Args& args) {
  const Slots slots = std::make_shared<std::vector<int64_t>>();
  return laterPacked(env, args, slots, [root = args.integer(0), path = args.bytes(1), slots] {
    struct statx stat = {};
    const int64_t seen = attributes(root, path, stat);
    if (seen >= 0) pack(stat, *slots);
    return seen;
  });
}

napi_value listPath(napi_env env, Args& args) {
  const auto listing = std::make_shared<Listing>();
  return later(
      env, args, [root = args.integer(0), path = args.bytes(1), listing] { return list(root, path, *listing); },
      [listing](napi_env e) {
        napi_value result = nullptr;
        if (napi_create_array_with_length(e, 2, &result) != napi_ok) return result;
        napi_set_element(e, result, 0, arrayBuffer(e, listing->names.data(), listing->names.size()));
        napi_set_element(e, result, 1, packed(e, listing->slots));
        return result;
      });
}

napi_value surveyPaths(napi_env env, Args& args) {
  const auto surveyed = std::make_shared<Surveyed>();
  return later(
      env, args, [root = args.integer(0), paths = args.bytes(1), surveyed] { return survey(root, paths, *surveyed); },
      [surveyed](napi_env e) {
        napi_value result = nullptr;
        if (napi_create_array_with_length(e, 3, &result) != napi_ok) return result;
        napi_set_element(e, result, 0, arrayBuffer(e, surveyed->lines.data(), surveyed->lines.size()));
        napi_set_element(e, result, 1,
                         arrayBuffer(e, surveyed->counts.data(), surveyed->counts.size() * sizeof(double)));
        napi_set_element(e, result, 2, packed(e, surveyed->slots));
        return result;
      });
}

napi_value openPath(napi_env env, Args& args) {
  return later(env, args,
               [root = args.integer(0), path = args.bytes(1)]() -> int64_t { return openRegular(root, path); });
}

napi_value createPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1), mode = args.integer(2)]() -> int64_t {
    return createRegular(root, path, uint32_t(mode));
  });
}

napi_value mkdirPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1), mode = args.integer(2)] {
    return makeDirectory(root, path, uint32_t(mode));
  });
}

napi_value unlinkPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1), directory = args.integer(2)] {
    return inParent(root, path, [directory](int dir, const char* leaf) {
      return unlinkat(dir, leaf, directory != 0 ? AT_REMOVEDIR : 0);
    });
  });
}

napi_value renamePath(napi_env env, Args& args) {
  return later(
      env, args, [root = args.integer(0), from = args.bytes(1), to = args.bytes(2), flags = args.integer(3)] {
        return between(root, from, to, [flags](int dirA, const char* a, int dirB, const char* b) {
          return syscall(SYS_renameat2, dirA, a, dirB, b, unsigned(flags));
        });
      });
}

napi_value linkPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), from = args.bytes(1), to = args.bytes(2)] {
    return between(root, from, to,
                   [](int dirA, const char* a, int dirB, const char* b) { return linkat(dirA, a, dirB, b, 0); });
  });
}

napi_value chmodPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1), mode = args.integer(2)] {
    return inParent(root, path, [mode](int dir, const char* leaf) {
      return fchmodat(dir, leaf[0] == '\0' ? "." : leaf, mode_t(mode), AT_SYMLINK_NOFOLLOW);
    });
  });
}

napi_value utimesPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1), mtime = args.bigint(2)]() -> int64_t {
    const Parent parent(root, path);
    if (parent.fd() < 0) return parent.fd();
    return setTimes(parent.fd(), parent.leaf()[0] == '\0' ? "." : parent.leaf(), mtime);
  });
}

napi_value chownPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1), uid = args.integer(2), gid = args.integer(3)] {
    return inParent(root, path, [uid, gid](int dir, const char* leaf) {
      return fchownat(dir, leaf[0] == '\0' ? "." : leaf, uid_t(uid), gid_t(gid), AT_SYMLINK_NOFOLLOW);
    });
  });
}

napi_value symlinkPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), target = args.bytes(1), path = args.bytes(2)] {
    return inParent(root, path, [&target](int dir, const char* leaf) { return symlinkat(target.c_str(), dir, leaf); });
  });
}

napi_value detailsIn(napi_env env, Args& args) {
  const auto told = std::make_shared<Details>();
  return later(
      env, args,
      [root = args.integer(0), path = args.bytes(1), names = args.bytes(2), told] {
        return details(root, path, names, *told);
      },
      [told](napi_env e) {
        napi_value result = nullptr;
        if (napi_create_array_with_length(e, 2, &result) != napi_ok) return result;
        napi_set_element(e, result, 0, packed(e, told->slots));
        napi_set_element(e, result, 1, arrayBuffer(e, told->fields.data(), told->fields.size()));
        return result;
      });
}

napi_value setXattrsPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1), fields = args.bytes(2)] {
    return setXattrs(root, path, fields);
  });
}

napi_value copyAccessBetween(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), from = args.bytes(1), to = args.bytes(2)] {
    return copyAccess(root, from, to);
  });
}

napi_value nameOfAccount(napi_env env, Args& args) {
  const auto name = std::make_shared<std::string>();
  return later(
      env, args,
      [group = args.integer(0), id = args.integer(1), name] { return accountName(group != 0, uint32_t(id), *name); },
      [name](napi_env e) { return arrayBuffer(e, name->data(), name->size()); });
}

napi_value idOfAccount(napi_env env, Args& args) {
  return later(env, args,
               [group = args.integer(0), name = args.bytes(1)] { return accountId(group != 0, name); });
}

napi_value isOpenPath(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0), path = args.bytes(1)] { return isOpen(root, path); });
}

napi_value probeRoot(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0)] { return probe(root); });
}

napi_value syncRoot(napi_env env, Args& args) {
  return later(env, args, [root = args.integer(0)] { return outcome(syncfs(root)); });
}

napi_value readWholePath(napi_env env, Args& args) {
  const auto whole = std::make_shared<Whole>();
  return later(
      env, args,
      [root = args.integer(0), path = args.bytes(1), limit = args.integer(2), whole] {
        return readWhole(root, path, limit, *whole);
      },
      [whole](napi_env e) {
        napi_value result = nullptr;
        if (napi_create_array_with_length(e, 2, &result) != napi_ok) return result;
        napi_set_element(e, result, 0, packed(e, whole->slots));
        napi_set_element(e, result, 1, arrayBuffer(e, whole->bytes.data(), whole->bytes.size()));
        return result;
      });
}

napi_value writeWholePath(napi_env env, Args& args) {
  const Slots slots = std::make_shared<std::vector<int64_t>>();
  return laterPacked(env, args, slots,
                     [root = args.integer(0), path = args.bytes(1), bytes = args.bytes(2), mode = args.integer(3),
                      mtime = args.bigint(4), sync = args.integer(5), slots] {
                       return writeWhole(root, path, bytes, uint32_t(mode), mtime, sync != 0, *slots);
                     });
}

napi_value syncAll(napi_env env, Args& args) {
  const Slots slots = std::make_shared<std::vector<int64_t>>();
  return laterPacked(env, args, slots, [root = args.integer(0), paths = args.bytes(1), slots] {
    return syncPaths(root, paths, *slots);
  });
}

napi_value spaceRoot(napi_env env, Args& args) {
  const auto free = std::make_shared<std::vector<double>>(2);
  return later(
      env, args, [root = args.integer(0), free] { return space(root, free->data()); },
      [free](napi_env e) { return arrayBuffer(e, free->data(), 2 * sizeof(double)); });
}

napi_value utimesFile(napi_env env, Args& args) {
  return later(env, args, [fd = args.integer(0), mtime = args.bigint(1)] { return setTimes(fd, nullptr, mtime); });
}

napi_value seekFile(napi_env env, Args& args) {
  return later(env, args, [fd = args.integer(0), offset = args.bigint(1), hole = args.integer(2)] {
    return outcome(lseek(fd, offset, hole != 0 ? SEEK_HOLE : SEEK_DATA));
  });
}

napi_value cloneFile(napi_env env, Args& args) {
  return later(env, args,
               [to = args.integer(0), from = args.integer(1)] { return outcome(ioctl(to, FICLONE, from)); });
}

napi_value getXattr(napi_env env, Args& args) {
  const auto value = std::make_shared<std::string>();
  return later(
      env, args,
      [fd = args.integer(0), name = args.bytes(1), value] {
        return growing(*value, [&](char* into, size_t size) { return fgetxattr(fd, name.c_str(), into, size); });
      },
      [value](napi_env e) { return arrayBuffer(e, value->data(), value->size()); });
}

napi_value listXattrs(napi_env env, Args& args) {
  const auto names = std::make_shared<std::string>();
  return later(
      env, args,
      [fd = args.integer(0), names] {
        return growing(*names, [&](char* into, size_t size) { return flistxattr(fd, into, size); });
      },
      [names](napi_env e) { return arrayBuffer(e, names->data(), names->size()); });
}

napi_value setXattr(napi_env env, Args& args) {
  return later(env, args, [fd = args.integer(0), name = args.bytes(1), value = args.bytes(2)] {
    return outcome(fsetxattr(fd, name.c_str(), value.data(), value.size(), 0));
  });
}

napi_value removeXattr(napi_env env, Args& args) {
  return later(env, args,
               [fd = args.integer(0), name = args.bytes(1)] { return outcome(fremovexattr(fd, name.c_str())); });
}

napi_value init(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    napi_callback callback;
  } calls[] = {
      {"stat", call<statPath>}, {"list", call<listPath>}, {"open", call<openPath>}, {"create", call<createPath>},
      {"mkdir", call<mkdirPath>}, {"unlink", call<unlinkPath>}, {"rename", call<renamePath>},
      {"link", call<linkPath>}, {"chmod", call<chmodPath>}, {"utimes", call<utimesPath>},
      {"isOpen", call<isOpenPath>}, {"probe", call<probeRoot>}, {"syncfs", call<syncRoot>},
      {"space", call<spaceRoot>}, {"futimes", call<utimesFile>}, {"seek", call<seekFile>}, {"clone", call<cloneFile>},
      {"getXattr", call<getXattr>}, {"listXattrs", call<listXattrs>}, {"setXattr", call<setXattr>},
      {"removeXattr", call<removeXattr>}, {"watchStart", call<watchStart>}, {"watchAdd", call<watchAdd>},
      {"watchRemove", call<watchRemove>}, {"watchStop", call<watchStop>}, {"readWhole", call<readWholePath>},
      {"writeWhole", call<writeWholePath>}, {"syncPaths", call<syncAll>}, {"chown", call<chownPath>},
      {"symlink", call<symlinkPath>}, {"details", call<detailsIn>}, {"setXattrs", call<setXattrsPath>},
      {"copyAccess", call<copyAccessBetween>}, {"survey", call<surveyPaths>},
      {"accountName", call<nameOfAccount>}, {"accountId", call<idOfAccount>},
  };
  for (const auto& entry : calls) {
    napi_value function;
    napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.callback, nullptr, &function);
    napi_set_named_property(env, exports, entry.name, function);
  }
  napi_set_named_property(env, exports, "version", number(env, kVersion));
  return exports;
}

}  // namespace
}  // namespace tideway

NAPI_MODULE_INIT() { return tideway::init(env, exports); }
