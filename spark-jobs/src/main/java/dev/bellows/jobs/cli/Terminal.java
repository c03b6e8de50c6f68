package dev.bellows.jobs.cli;

import java.io.PrintStream;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The outside of a command: streams, environment and clock, so that tests can give their own.
 *
 * @param out standard output
 * @param err standard error
 * @param environment variables
 * @param interactive whether standard output is a terminal
 * @param nanoTime monotonic clock, ns
 */
record Terminal(
    PrintStream out,
    PrintStream err,
    Map<String, String> environment,
    boolean interactive,
    LongSupplier nanoTime) {
  private static final int WIDTH = 100;

  /** This process. The start script says whether standard output is a terminal. */
  static Terminal system() {
    Map<String, String> environment = System.getenv();
    // Java can't tell by itself whether standard output is a terminal; the start script can.
    boolean interactive = environment.getOrDefault("BELLOWS_TTY", "").equals("1");
    return new Terminal(System.out, System.err, environment, interactive, System::nanoTime);
  }

  /** Columns of the screen. */
  int width() {
    String columns = environment.getOrDefault("COLUMNS", "");
    return columns.matches("[1-9][0-9]{1,3}") ? Integer.parseInt(columns) : WIDTH;
  }
}
