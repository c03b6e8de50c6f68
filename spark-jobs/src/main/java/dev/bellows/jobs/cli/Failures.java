package dev.bellows.jobs.cli;

import dev.bellows.engine.model.ModelFileException;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Exceptions to exit codes and one line for people. */
final class Failures {
  private static final int MAX_CAUSES = 20;

  private Failures() {}

  /** Prints what went wrong and returns the exit code. */
  static ExitCode report(Throwable failure, PrintStream err, boolean verbose) {
    Throwable named = named(failure);
    ExitCode code = code(named);
    String text = text(named, code);
    int end = text.indexOf(System.lineSeparator());
    String first = end < 0 ? text : text.substring(0, end);
    String rest = end < 0 ? "" : text.substring(end);
    err.println(ConsoleOutput.clean(first) + " (exit " + code.code() + ")" + rest);
    if (verbose) {
      failure.printStackTrace(err);
    } else if (code == ExitCode.INTERNAL) {
      err.println("  this is a fault in bellows, please report it; -v shows where it happened");
    }
    err.flush();
    return code;
  }

  /** The first cause that says which part failed; Spark wraps what happens in its stages. */
  private static Throwable named(Throwable failure) {
    int depth = 0;
    for (Throwable at = failure; at != null && depth < MAX_CAUSES; at = at.getCause(), depth++) {
      if (code(at) != ExitCode.INTERNAL) {
        return at;
      }
    }
    return failure;
  }

  /** The exit code that {@link #report} gives for a failure. */
  static ExitCode exitCode(Throwable failure) {
    return code(named(failure));
  }

  static ExitCode code(Throwable failure) {
    if (failure instanceof BellowsException known) {
      return known.exitCode();
    }
    if (failure instanceof ModelFileException) {
      return ExitCode.MODEL;
    }
    if (failure instanceof NetworkException) {
      return ExitCode.CONFIG;
    }
    if (failure instanceof OutOfMemoryError || isDiskFull(failure)) {
      return ExitCode.MEMORY_OR_DISK;
    }
    return ExitCode.INTERNAL;
  }

  private static boolean isDiskFull(Throwable failure) {
    String message = message(failure).toLowerCase(Locale.ROOT);
    return failure instanceof IOException
        && (message.contains("no space left")
            || message.contains("file too large")
            || message.contains("quota exceeded"));
  }

  private static String text(Throwable failure, ExitCode code) {
    String message = message(failure);
    return switch (code) {
      case INTERNAL ->
          "internal error: " + failure.getClass().getSimpleName() + ": " + firstLine(message);
      case MEMORY_OR_DISK ->
          failure instanceof OutOfMemoryError
              ? "out of memory: "
                  + message
                  + "; give the JVM more (BELLOWS_MEMORY=4g) or use a smaller trainer.batch_size"
              : message;
      default -> message.isEmpty() ? code.meaning() : message;
    };
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("");
  }

  private static String message(@Nullable Throwable failure) {
    return failure == null || failure.getMessage() == null ? "" : failure.getMessage();
  }
}
