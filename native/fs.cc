// The calls that Node lacks, for lib/agent/fs/binding.ts, which states each one's arguments and answers.
#include "file.hh"
#include "inotify.hh"
#include "list.hh"
#include "whole.hh"

namespace tideway {
namespace {

// One exported call: reads its arguments, then leaves the rest to a pool thread.
using Start = napi_value (*)(napi_env, Args&);

template <Start start>
napi_value call(napi_env env, napi_callback_info info) {
  Args args(env, info);
  return args.ok() ? start(env, args) : nullptr;
}

napi_value later(napi_env env, const Args& args, Work work, Answer answer = nullptr) {
  return args.ok() ? promise(env, std::move(work), std::move(answer)) : nullptr;
}

using Slots = std::shared_ptr<std::vector<int64_t>>;

napi_value laterPacked(napi_env env, const Args& args, const Slots& slots, Work work) {
  return later(env, args, std::move(work), [slots](napi_env e) { return packed(e, *slots); });
}

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

void deliver(napi_env env, napi_value callback, void*, void* data) {
  const std::unique_ptr<std::string> batch(static_cast<std::string*>(data));
  // Both say that the environment is ending: a worker that exits is told of events while it does.
  const napi_value events = env == nullptr ? nullptr : arrayBuffer(env, batch->data(), batch->size());
  napi_value self = nullptr;
  if (events == nullptr || napi_get_undefined(env, &self) != napi_ok) return;
  napi_call_function(env, self, callback, 1, &events, nullptr);
}

using Shared = std::shared_ptr<Inotify>;

// The thread must be gone before the environment is: it holds the function that leads back into it.
void stopAtExit(void* held) {
  if (const Shared watch = *static_cast<Shared*>(held)) watch->stop();
}

void forget(napi_env env, void* held, void*) {
  napi_remove_env_cleanup_hook(env, stopAtExit, held);
  stopAtExit(held);
  delete static_cast<Shared*>(held);
}

// The process may end while it watches: the function does not keep the event loop alive.
napi_value watchStart(napi_env env, Args& args) {
  auto watch = std::make_shared<Inotify>();
  const int opened = watch->open();
  if (opened < 0) return number(env, opened);
  napi_value name;
  napi_create_string_utf8(env, "tideway.watch", NAPI_AUTO_LENGTH, &name);
  napi_threadsafe_function function;
  constexpr size_t kWaitingBatches = 4;
  if (napi_create_threadsafe_function(env, args.at(0), nullptr, name, kWaitingBatches, 1, nullptr, nullptr, nullptr,
                                      deliver, &function) != napi_ok) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected a function");
    return nullptr;
  }
  napi_unref_threadsafe_function(env, function);
  auto* shared = new Shared(watch);
  napi_add_env_cleanup_hook(env, stopAtExit, shared);
  napi_value external;
  napi_create_external(env, shared, forget, nullptr, &external);
  watch->start(function);
  return external;
}

napi_value watchAdd(napi_env env, Args& args) {
  return later(env, args,
               [watch = args.handle<Inotify>(0), root = args.integer(1), path = args.bytes(2),
                mask = args.integer(3)] { return watch->add(root, path, uint32_t(mask)); });
}

napi_value watchRemove(napi_env env, Args& args) {
  const Shared watch = args.handle<Inotify>(0);
  const int wd = args.integer(1);
  return args.ok() ? number(env, watch->remove(wd)) : nullptr;
}

// The queue itself is closed when the last addition under way has ended.
napi_value watchStop(napi_env, Args& args) {
  const Shared watch = args.handle<Inotify>(0);
  if (!args.ok()) return nullptr;
  watch->stop();
  args.release<Inotify>(0);
  return nullptr;
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
      {"writeWhole", call<writeWholePath>}, {"syncPaths", call<syncAll>},
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
