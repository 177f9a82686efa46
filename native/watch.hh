// The inotify queue as JavaScript sees it.
#pragma once
#include "exported.hh"
#include "inotify.hh"

namespace tideway {

inline void deliver(napi_env env, napi_value callback, void*, void* data) {
  const std::unique_ptr<std::string> batch(static_cast<std::string*>(data));
  // Both say that the environment is ending: a worker that exits is told of events while it does.
  const napi_value events = env == nullptr ? nullptr : arrayBuffer(env, batch->data(), batch->size());
  napi_value self = nullptr;
  if (events == nullptr || napi_get_undefined(env, &self) != napi_ok) return;
  napi_call_function(env, self, callback, 1, &events, nullptr);
}

using Shared = std::shared_ptr<Inotify>;

// The thread must be gone before the environment is: it holds the function that leads back into it.
inline void stopAtExit(void* held) {
  if (const Shared watch = *static_cast<Shared*>(held)) watch->stop();
}

inline void forget(napi_env env, void* held, void*) {
  napi_remove_env_cleanup_hook(env, stopAtExit, held);
  stopAtExit(held);
  delete static_cast<Shared*>(held);
}

// The process may end while it watches: the function does not keep the event loop alive.
inline napi_value watchStart(napi_env env, Args& args) {
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

inline napi_value watchAdd(napi_env env, Args& args) {
  const auto added = std::make_shared<std::vector<int32_t>>();
  return later(
      env, args,
      [watch = args.handle<Inotify>(0), root = args.integer(1), paths = args.bytes(2), mask = args.integer(3),
       added]() -> int64_t {
        for (size_t at = 0; at < paths.size();) {
          const std::string path(paths.c_str() + at);
          at += path.size() + 1;
          added->push_back(int32_t(watch->add(root, path, uint32_t(mask))));
        }
        return 0;
      },
      [added](napi_env e) { return arrayBuffer(e, added->data(), added->size() * sizeof(int32_t)); });
}

inline napi_value watchRemove(napi_env env, Args& args) {
  const Shared watch = args.handle<Inotify>(0);
  const int wd = args.integer(1);
  return args.ok() ? number(env, watch->remove(wd)) : nullptr;
}

// The queue itself is closed when the last addition under way has ended.
inline napi_value watchStop(napi_env, Args& args) {
  const Shared watch = args.handle<Inotify>(0);
  if (!args.ok()) return nullptr;
  watch->stop();
  args.release<Inotify>(0);
  return nullptr;
}

}  // namespace tideway
