// How a JavaScript call becomes a system call: arguments are read on the main thread, the work runs on a pool thread,
// and the promise settles there and then. Like the kernel itself a call answers with a number, negative for -errno;
// what an error is called, and what follows from it, is decided in lib/agent/fs.
#pragma once
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>

#include <node_api.h>

namespace tideway {

// Closes what it holds, so that no early return leaks a descriptor.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

inline int64_t outcome(int64_t result) { return result < 0 ? -errno : result; }

// The arguments of one call. The first wrong one leaves a TypeError pending, and `ok` is false from then on.
class Args {
 public:
  Args(napi_env env, napi_callback_info info) : env_(env) {
    ok_ = napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr) == napi_ok;
  }

  bool ok() const { return ok_; }
  napi_value at(size_t i) { return i < count_ ? values_[i] : nullptr; }

  int32_t integer(size_t i) {
    int32_t value = 0;
    check(i < count_ && napi_get_value_int32(env_, values_[i], &value) == napi_ok, "an integer");
    return value;
  }

  int64_t bigint(size_t i) {
    int64_t value = 0;
    bool lossless = false;
    check(i < count_ && napi_get_value_bigint_int64(env_, values_[i], &value, &lossless) == napi_ok && lossless,
          "a 64-bit bigint");
    return value;
  }

  // Bytes as a Buffer, or text that is well-formed (a lone surrogate would come through as U+FFFD).
  std::string bytes(size_t i) {
    constexpr auto kWanted = "bytes or a string";
    void* data = nullptr;
    size_t length = 0;
    bool isBuffer = false;
    if (!check(i < count_, kWanted)) return "";
    if (napi_is_buffer(env_, values_[i], &isBuffer) == napi_ok && isBuffer) {
      check(napi_get_buffer_info(env_, values_[i], &data, &length) == napi_ok, kWanted);
      return std::string(static_cast<const char*>(data), length);
    }
    std::string text;
    if (!check(napi_get_value_string_utf8(env_, values_[i], nullptr, 0, &length) == napi_ok, kWanted)) return "";
    text.resize(length + 1);
    napi_get_value_string_utf8(env_, values_[i], text.data(), length + 1, &length);
    text.resize(length);
    return text;
  }

  // What an external value holds; one that was released is a wrong argument.
  template <typename T>
  std::shared_ptr<T> handle(size_t i) {
    auto* held = external<T>(i);
    check(held != nullptr && *held != nullptr, "a handle in use");
    return held == nullptr ? nullptr : *held;
  }

  template <typename T>
  void release(size_t i) {
    if (auto* held = external<T>(i)) held->reset();
  }

 private:
  template <typename T>
  std::shared_ptr<T>* external(size_t i) {
    void* data = nullptr;
    const bool good = i < count_ && napi_get_value_external(env_, values_[i], &data) == napi_ok;
    return good ? static_cast<std::shared_ptr<T>*>(data) : nullptr;
  }

  bool check(bool good, const char* wanted) {
    if (!good && ok_) {
      ok_ = false;
      napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", (std::string("expected ") + wanted).c_str());
    }
    return ok_;
  }

  static constexpr size_t kMost = 6;
  napi_env env_;
  size_t count_ = kMost;
  napi_value values_[kMost];
  bool ok_;
};

inline napi_value number(napi_env env, int64_t value) {
  napi_value result = nullptr;
  napi_create_int64(env, value, &result);
  return result;
}

using Work = std::function<int64_t()>;
using Answer = std::function<napi_value(napi_env)>;

// Runs `work` on a pool thread. The promise resolves with its number, or, where that is not negative, with what
// `answer` makes of it on the main thread.
inline napi_value promise(napi_env env, Work work, Answer answer = nullptr) {
  struct State {
    Work work;
    Answer answer;
    int64_t result = 0;
    napi_deferred deferred = nullptr;
    napi_async_work handle = nullptr;
  };
  auto* state = new State{std::move(work), std::move(answer)};
  napi_value result = nullptr;
  napi_value name = nullptr;
  napi_create_promise(env, &state->deferred, &result);
  napi_create_string_utf8(env, "tideway.fs", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(
      env, nullptr, name,
      [](napi_env, void* data) {
        auto* s = static_cast<State*>(data);
        s->result = s->work();
      },
      [](napi_env e, napi_status status, void* data) {
        std::unique_ptr<State> s(static_cast<State*>(data));
        if (status == napi_cancelled) s->result = -ECANCELED;
        napi_resolve_deferred(e, s->deferred,
                              s->result >= 0 && s->answer ? s->answer(e) : number(e, s->result));
        napi_delete_async_work(e, s->handle);
      },
      state, &state->handle);
  napi_queue_async_work(env, state->handle);
  return result;
}

}  // namespace tideway
