import CRecurrentKernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A thread of the operating system.
@safe struct SystemThread: @unchecked Sendable {
  private let handle: pthread_t

  /// Starts a thread; nil if the system has none to give.
  init?(_ body: Body) {
    #if canImport(Darwin) || canImport(Musl)
      var handle: pthread_t?
    #else
      var handle = pthread_t()
    #endif
    let argument = unsafe Unmanaged.passRetained(body)
    let status = unsafe pthread_create(
      &handle, nil,
      { argument in
        // Optional on some systems.
        let argument: UnsafeMutableRawPointer? = unsafe argument
        unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, unsafe argument.toOpaque())
    guard status == 0 else {
      unsafe argument.release()
      return nil
    }
    #if canImport(Darwin) || canImport(Musl)
      unsafe self.handle = handle!
    #else
      self.handle = handle
    #endif
  }

  /// Waits for the thread's end.
  func join() { pthread_join(handle, nil) }

  /// What a thread does.
  class Body: @unchecked Sendable {
    func run() {}
  }

  /// Lets another thread have the processor.
  static func yield() { _ = sched_yield() }

  /// Nanoseconds of a clock that never goes back.
  static var nanoseconds: Int {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int(now.tv_sec) * 1_000_000_000 + Int(now.tv_nsec)
  }

  /// The processors that this process may run on.
  static var processorCount: Int {
    max(1, Int(rk_processor_count()))
  }
}

/// Where threads sleep until they are woken.
@safe final class ParkingLot: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition.initialize(to: pthread_cond_t())
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Sleeps until `isOver`, which is asked when the sleeper is woken and once before it sleeps.
  func sleep(until isOver: () -> Bool) {
    unsafe pthread_mutex_lock(mutex)
    while !isOver() { unsafe pthread_cond_wait(condition, mutex) }
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Wakes all who sleep.
  func wakeAll() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }
}
