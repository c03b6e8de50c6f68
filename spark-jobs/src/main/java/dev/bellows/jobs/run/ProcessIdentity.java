package dev.bellows.jobs.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What tells a process from a later one with the same pid, without a wall clock: the boot of the
 * machine and the clock ticks between that boot and the start of the process. (The start time that
 * {@link ProcessHandle} gives is computed from the wall clock and moves when that is set.)
 */
final class ProcessIdentity {
  private static final Path PROC = Path.of("/proc");

  /** Field 22 of /proc/PID/stat, counted from the one after the name in brackets. */
  private static final int START_TICKS = 22 - 3;

  private ProcessIdentity() {}

  /** "boot id:ticks"; empty where the system does not tell. */
  static String of(long pid) {
    try {
      String boot = Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
      String stat = Files.readString(PROC.resolve(pid + "/stat"));
      // The name may hold blanks and brackets; the last bracket ends it.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
      return fields.length > START_TICKS ? boot + ":" + fields[START_TICKS] : "";
    } catch (IOException notThisSystem) {
      return "";
    }
  }
}
