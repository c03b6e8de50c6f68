package dev.bellows.jobs.cli;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.plan.SanityChecks;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.synth.SynthDigits;
import dev.bellows.jobs.train.SanityJob;
import dev.bellows.jobs.train.TrainJob;
import dev.bellows.jobs.train.TrainOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code bellows doctor}: what this machine has, proved by a training of some seconds; with a
 * configuration, whether its network can learn from its data.
 */
@Command(
    name = "doctor",
    description =
        "Checks this machine: Java, Spark, kernels, memory, a short training. With -c: the network"
            + " of a configuration on some of its rows: scale of the input, loss before the first"
            + " step, gradients, one batch learnt by heart.",
    sortOptions = false)
final class DoctorCommand extends BellowsCommand {
  private static final int ROWS = 3000;
  private static final int HELD_OUT = 500;
  private static final long MIB = 1 << 20;
  private static final double GUESSING = 0.1;

  @Mixin SparkOptions spark = new SparkOptions();

  /** Whose network is looked at in place of this machine's own training. */
  @ArgGroup(exclusive = false)
  @Nullable ConfigOptions config;

  @Override
  ExitCode run(ConsoleOutput console) throws Exception {
    SparkSessions.check(spark.master);
    if (config != null) {
      return network(config, console);
    }
    Runtime runtime = Runtime.getRuntime();
    int java = Runtime.version().feature();
    console.section(
        "java",
        Runtime.version()
            + (java == 17 ? "" : "  (Spark 4.1 is tested on 17)")
            + "  "
            + System.getProperty("java.home"));
    console.section(
        "machine",
        String.format(
            Locale.ROOT,
            "%d cores  heap %,d MiB (BELLOWS_MEMORY sets it)  %s %s",
            runtime.availableProcessors(),
            runtime.maxMemory() / MIB,
            System.getProperty("os.name"),
            System.getProperty("os.arch")));
    KernelProvider kernels = KernelProvider.choose(KernelProvider.Preference.AUTO);
    console.section("kernels", kernels.id());
    if (kernels.id().contains("plain")) {
      console.warn("plain Java kernels are 10 to 20 times slower than native ones; -v shows why");
    }
    Path folder = Files.createTempDirectory("bellows-doctor");
    console.section(
        "disk",
        String.format(
            Locale.ROOT,
            "%,d MiB free in %s",
            folder.toFile().getUsableSpace() / MIB,
            folder.getParent()));
    try {
      return training(folder, console);
    } finally {
      delete(folder);
    }
  }

  private ExitCode network(ConfigOptions options, ConsoleOutput console) throws IOException {
    Loaded loaded = options.load(terminal(), RunConfig.Kind.TRAIN, List.of());
    DataFiles.check(loaded.config().data());
    try (SparkSession session =
        SparkSessions.open(
            spark.master,
            "bellows doctor " + Version.current(),
            console,
            terminal().environment(),
            output.verbose)) {
      List<SanityChecks.Finding> findings = SanityJob.run(session, loaded.config(), console);
      List<String> failed =
          findings.stream().filter(f -> !f.passed()).map(SanityChecks.Finding::check).toList();
      if (!failed.isEmpty()) {
        throw new BellowsException(
            ExitCode.CONFIG,
            options.config + ": not as it should be: " + String.join(", ", failed));
      }
      console.section(
          "done", options.config + ": all " + findings.size() + " checks of the network are well");
      return ExitCode.OK;
    }
  }

  private ExitCode training(Path folder, ConsoleOutput console) throws Exception {
    SynthDigits.write(folder.resolve("digits"), ROWS, HELD_OUT, 7);
    Path run = folder.resolve("run");
    Loaded loaded =
        ConfigLoader.parse(
            config(folder), List.of("output.dir=" + ConfigOptions.quoted(run.toString())));
    RunFolder.Options options =
        new RunFolder.Options(
            loaded.originalYaml(),
            loaded.resolvedYaml(),
            main.commandLine(),
            false,
            false,
            Clock.systemUTC());
    try (SparkSession session =
        SparkSessions.open(
            spark.master,
            "bellows doctor " + Version.current(),
            console,
            terminal().environment(),
            output.verbose)) {
      console.section("spark", session.version() + "  " + session.sparkContext().master());
      long start = terminal().nanoTime().getAsLong();
      TrainOutcome outcome =
          TrainJob.run(session, loaded.config(), RunFolder.create(run, options), console);
      console.progressDone();
      double seconds = (terminal().nanoTime().getAsLong() - start) / 1e9;
      double accuracy =
          outcome.metrics().entrySet().stream()
              .filter(e -> e.getKey().endsWith("accuracy"))
              .mapToDouble(java.util.Map.Entry::getValue)
              .max()
              .orElse(0);
      if (outcome.exitCode() != ExitCode.OK || accuracy < 2 * GUESSING) {
        throw new BellowsException(
            ExitCode.INTERNAL,
            String.format(
                Locale.ROOT,
                "the short training learnt nothing: accuracy %.3f, guessing gives %.1f",
                accuracy,
                GUESSING));
      }
      console.section(
          "done",
          String.format(
              Locale.ROOT, "all well: trained to accuracy %.3f in %.1f s", accuracy, seconds));
      return outcome.exitCode();
    }
  }

  private static String config(Path folder) {
    String digits = folder.resolve("digits").toString();
    return """
        version: 1
        task: classification
        data:
          train: {format: idx, images: '%1$s/train-images-idx3-ubyte.gz', labels: '%1$s/train-labels-idx1-ubyte.gz'}
          validation: {fraction: 0.1}
        features: {image: {type: image}}
        model:
          type: network
          layers: [{dense: {units: 64, activation: relu}}, {dense: {units: 10}}]
        trainer: {epochs: 4, batch_size: 64, checkpoint: {every: null}}
        output: {report: false}
        """
        .formatted(digits.replace("'", "''"));
  }

  /** Only what this command made. */
  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
