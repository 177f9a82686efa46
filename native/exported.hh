// What all exported calls have in common.
#pragma once
#include <vector>

#include "stat.hh"

namespace tideway {

// One exported call: reads its arguments, then leaves the rest to a pool thread.
using Start = napi_value (*)(napi_env, Args&);

template <Start start>
napi_value call(napi_env env, napi_callback_info info) {
  Args args(env, info);
  return args.ok() ? start(env, args) : nullptr;
}

inline napi_value later(napi_env env, const Args& args, Work work, Answer answer = nullptr) {
  return args.ok() ? promise(env, std::move(work), std::move(answer)) : nullptr;
}

using Slots = std::shared_ptr<std::vector<int64_t>>;

inline napi_value laterPacked(napi_env env, const Args& args, const Slots& slots, Work work) {
  return later(env, args, std::move(work), [slots](napi_env e) { return packed(e, *slots); });
}

}  // namespace tideway
