// A thread that sleeps in poll() and hands what inotify had ready, as raw bytes, to the main thread. The hand-over is
// bounded: while JavaScript is busy the thread waits, the kernel's queue fills, and the kernel itself says IN_Q_OVERFLOW.
#pragma once
#include <atomic>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <thread>

#include "tree.hh"

namespace tideway {

class Inotify {
 public:
  ~Inotify() {
    stop();
    if (queue_ >= 0) close(queue_);
    if (stopper_ >= 0) close(stopper_);
  }

  int open() {
    queue_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    stopper_ = eventfd(0, EFD_CLOEXEC);
    return queue_ < 0 || stopper_ < 0 ? -errno : 0;
  }

  void start(napi_threadsafe_function deliver) {
    deliver_ = deliver;
    thread_ = std::thread([this] { run(); });
  }

  // Main thread only. A hand-over that waits for room is ended by the abort.
  void stop() {
    if (!thread_.joinable()) return;
    napi_release_threadsafe_function(deliver_, napi_tsfn_abort);
    const uint64_t one = 1;
    while (write(stopper_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
  }

  // A watch descriptor or -errno. The directory is reached like every other path, then named by its own descriptor,
  // because inotify takes nothing but a path.
  int64_t add(int root, const std::string& path, uint32_t mask) {
    const Fd dir(openBeneath(root, path, O_PATH | O_DIRECTORY));
    if (!dir.ok()) return dir.get();
    const std::string link = "/proc/self/fd/" + std::to_string(dir.get());
    return outcome(inotify_add_watch(queue_, link.c_str(), mask | IN_ONLYDIR));
  }

  int64_t remove(int wd) { return outcome(inotify_rm_watch(queue_, wd)); }

 private:
  static constexpr size_t kBuffer = 256 * 1024;
  static constexpr int kOtherHalfMs = 2;

  void run() {
    const auto buffer = std::make_unique<char[]>(kBuffer);
    for (;;) {
      if (!ready(-1)) return;
      size_t filled = fill(buffer.get(), 0);
      // The kernel queues the halves of a rename one after the other, yet a read can fall between them.
      while (endsInHalfMove(buffer.get(), filled) && kBuffer - filled > 4096 && ready(kOtherHalfMs))
        filled = fill(buffer.get(), filled);
      if (filled == 0) continue;
      auto batch = std::make_unique<std::string>(buffer.get(), filled);
      if (napi_call_threadsafe_function(deliver_, batch.get(), napi_tsfn_blocking) != napi_ok) return;
      batch.release();
    }
  }

  // False: nothing came in time, or the watch is being stopped.
  bool ready(int timeout) {
    struct pollfd waiting[] = {{queue_, POLLIN, 0}, {stopper_, POLLIN, 0}};
    int count;
    do count = poll(waiting, 2, timeout);
    while (count < 0 && errno == EINTR);
    return count > 0 && waiting[1].revents == 0 && (waiting[0].revents & POLLIN) != 0;
  }

  size_t fill(char* buffer, size_t filled) {
    const ssize_t bytes = read(queue_, buffer + filled, kBuffer - filled);
    return bytes > 0 ? filled + size_t(bytes) : filled;
  }

  static bool endsInHalfMove(const char* buffer, size_t filled) {
    uint32_t open = 0;
    for (size_t at = 0; at < filled;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(buffer + at);
      at += sizeof *event + event->len;
      if (event->mask & IN_MOVED_FROM) open = event->cookie;
      if ((event->mask & IN_MOVED_TO) && event->cookie == open) open = 0;
    }
    return open != 0;
  }

  int queue_ = -1;
  int stopper_ = -1;
  napi_threadsafe_function deliver_ = nullptr;
  std::thread thread_;
};

}  // namespace tideway
