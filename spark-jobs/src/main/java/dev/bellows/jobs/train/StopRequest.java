package dev.bellows.jobs.train;

import dev.bellows.jobs.ExitCode;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;

/**
 * Somebody outside wants the trainings of this process to end: the current step is finished, a
 * checkpoint is written.
 *
 * <p>The first SIGINT or SIGTERM asks; the second ends the process at once with the same exit
 * status.
 */
public final class StopRequest {
  /** Asked again and again by a training: whether it should stop. */
  public interface Source {
    /** The exit code that was asked for, or null when nobody asked. */
    @Nullable ExitCode requested();
  }

  private static final AtomicReference<@Nullable ExitCode> REQUESTED = new AtomicReference<>();

  private StopRequest() {}

  /** Takes over SIGINT (exit 130) and SIGTERM (exit 143) of this process. */
  public static void install() {
    handle("INT", ExitCode.INTERRUPTED);
    handle("TERM", ExitCode.TERMINATED);
  }

  /** Asks the training of this process to stop. */
  public static void request(ExitCode exitCode) {
    REQUESTED.compareAndSet(null, exitCode);
  }

  /** The exit code that was asked for, or null when nobody asked. */
  public static @Nullable ExitCode requested() {
    return REQUESTED.get();
  }

  /** Forgets the request: a new run begins in this process. */
  public static void clear() {
    REQUESTED.set(null);
  }

  private static void handle(String name, ExitCode exitCode) {
    try {
      Signal.handle(
          new Signal(name),
          signal -> {
            if (!REQUESTED.compareAndSet(null, exitCode)) {
              Runtime.getRuntime().halt(exitCode.code());
            }
          });
    } catch (IllegalArgumentException reserved) {
      // The JVM was started with -Xrs: the operating system's default stays, and resume still
      // works.
    }
  }
}
