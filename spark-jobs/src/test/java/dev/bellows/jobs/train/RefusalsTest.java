package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsErrorCode.Remedy;
import dev.bellows.ps.protocol.PsException;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  @Test
  void everyCodeEndsTheRunOrMayBeTriedAgain() {
    Map<PsErrorCode, ExitCode> ends = new EnumMap<>(PsErrorCode.class);
    for (PsErrorCode code : PsErrorCode.values()) {
      BellowsException end = Refusals.hopeless(new PsException(code, "detail"));
      if (end != null) {
        assertThat(code.remedy()).as("%s", code).isEqualTo(Remedy.FAIL);
        assertThat(end).hasMessage("the parameter server refused: detail");
        ends.put(code, end.exitCode());
      }
    }
    assertThat(ends)
        .containsOnly(
            Map.entry(PsErrorCode.BAD_MAGIC, ExitCode.CLUSTER),
            Map.entry(PsErrorCode.BAD_VERSION, ExitCode.CLUSTER),
            Map.entry(PsErrorCode.BAD_OPCODE, ExitCode.CLUSTER),
            Map.entry(PsErrorCode.BAD_LENGTH, ExitCode.CLUSTER),
            Map.entry(PsErrorCode.BAD_REQUEST, ExitCode.CLUSTER),
            Map.entry(PsErrorCode.OUT_OF_RANGE, ExitCode.CLUSTER),
            Map.entry(PsErrorCode.QUOTA, ExitCode.MEMORY_OR_DISK),
            Map.entry(PsErrorCode.CONFLICT, ExitCode.CLUSTER),
            Map.entry(PsErrorCode.NOT_AUTHENTICATED, ExitCode.AUTHENTICATION),
            Map.entry(PsErrorCode.INTERNAL, ExitCode.CLUSTER));
  }

  @Test
  void whatATaskMetIsReadFromTheMessageThatSparkCarries() {
    PsException met = new PsException(PsErrorCode.NOT_AUTHENTICATED, "at host:1: it said: no");
    String message = String.valueOf(new Refusals.TaskRefused(met).getMessage());
    PsException read = Refusals.TaskRefused.parse(message);
    assertThat(read.code()).isEqualTo(PsErrorCode.NOT_AUTHENTICATED);
    assertThat(read).hasMessage(met.getMessage());
  }
}
