package dev.bellows.jobs.train;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Row 29 of the fault matrix: what a clock that is set changes, which is nothing but stamps. */
@ExtendWith(SparkSessionExtension.class)
class ClockFaultsTest {
  @TempDir Path temp;

  /** Goes an hour forwards and two backwards, again and again. */
  private static final class Jumping extends Clock {
    private final AtomicLong readings = new AtomicLong();
    private final Instant noon = Instant.parse("2026-01-01T12:00:00Z");

    @Override
    public Instant instant() {
      long n = readings.getAndIncrement();
      return noon.plus(Duration.ofHours(n % 2 == 0 ? -n : 1));
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private static RunFolder folder(Path dir, Loaded loaded, Clock clock) {
    return RunFolder.create(
        dir,
        new RunFolder.Options(
            loaded.originalYaml(), loaded.resolvedYaml(), List.of("train"), true, false, clock));
  }

  @Test
  void fault_29_aTrainingWhoseClockJumpsTakesTheSameStepsInTheSameOrder(SparkSession session)
      throws Exception {
    String yaml = TinyData.adam(TinyData.write(temp.resolve("data")));
    Loaded loaded = ConfigLoader.parse(yaml);
    String calm = TestRuns.train(session, temp.resolve("calm"), yaml).sha256();
    Jumping clock = new Jumping();
    Path dir = temp.resolve("jumping");
    folder(dir, loaded, clock).close(); // a first attempt that came to nothing
    RunFolder second = folder(dir, loaded, clock);
    assertThat(second.attempt()).as("attempts are counted, not dated").isEqualTo(2);
    TrainOutcome outcome = TrainJob.run(session, loaded.config(), second, new RecordingConsole());
    assertThat(outcome.sha256()).isEqualTo(calm);
    assertThat(dir.resolve("steps.ledger"))
        .hasSameTextualContentAs(temp.resolve("calm/steps.ledger"));
    assertThat(Files.readAllLines(dir.resolve("events.jsonl")).stream().map(ClockFaultsTest::what))
        .containsExactlyElementsOf(
            Files.readAllLines(temp.resolve("calm/events.jsonl")).stream()
                .map(ClockFaultsTest::what)
                .toList());
    assertThat(clock.readings.get()).as("readings of the clock").isGreaterThan(10);
  }

  private static String what(String event) {
    return event.replaceAll(".*\"event\":\"(\\w+)\".*", "$1");
  }

  /** Every wait and every timeout is by {@code System.nanoTime}, which is never set. */
  @Test
  void fault_29_onlyTheRunFolderReadsTheWallClock() {
    var ours =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/test-classes/"))
            .importPackages("dev.bellows");
    noClasses()
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callConstructor(Date.class)
        .check(ours);
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.bellows.jobs.run..")
        .should()
        .callMethod(Clock.class, "instant")
        .orShould()
        .callMethod(Clock.class, "millis")
        .check(ours);
  }
}
