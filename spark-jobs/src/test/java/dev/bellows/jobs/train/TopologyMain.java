package dev.bellows.jobs.train;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.StrictFileSystem;
import dev.bellows.jobs.cluster.SparkSettings;
import dev.bellows.jobs.cluster.WrongSecret;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.run.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * A driver process of the tests: trains one run after the other as a script says.
 *
 * <p>Each line: {@code name | master | config file | settings, separated by spaces | failpoints}. A
 * Spark context is kept while the master stays the same. Failpoints may also be {@code wrong
 * secret}: the driver then has another one than its executors. A sixth cell holds settings of the
 * Spark context that the line starts, a seventh one what happens at which step, see {@link
 * ClusterScript}; {@code takeover} among the settings of a run fences off the process that holds
 * its folder. Prints {@code FIRST step millis} when the first steps of a run are known, and {@code
 * RESULT name exit sha steps}.
 */
public final class TopologyMain {
  private TopologyMain() {}

  /** Arguments: script file, folder of the runs: a path or a URI. */
  public static void main(String[] args) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(args[0]));
    String runs = args[1];
    SparkSession session = null;
    String master = "";
    StopRequest.install();
    for (String line : lines) {
      String[] cells = line.split("\\|", -1);
      if (cells.length < 5) {
        continue;
      }
      String name = cells[0].trim();
      if (!cells[1].trim().equals(master)) {
        if (session != null) {
          session.stop();
        }
        master = cells[1].trim();
        session = session(master, cells.length > 5 ? cells[5].trim() : "");
      }
      List<String> sets = new ArrayList<>(List.of(cells[3].trim().split("\\s+")));
      sets.removeIf(String::isBlank);
      if (cells[4].trim().equals("wrong secret")) {
        WrongSecret.take();
        cells[4] = "";
      }
      System.setProperty(Failpoints.NAME, cells[4].trim());
      StopRequest.clear();
      System.out.println("BEGIN " + name);
      Console console =
          console(ClusterScript.parse(session, cells.length > 6 ? cells[6].trim() : ""));
      try {
        TrainOutcome outcome =
            run(
                session,
                Storage.of(session).folder(runs + "/" + name),
                Path.of(cells[2].trim()),
                sets,
                console);
        System.out.println(
            "RESULT "
                + name
                + " "
                + outcome.exitCode().code()
                + " "
                + outcome.sha256()
                + " "
                + outcome.steps());
      } catch (BellowsException e) {
        System.out.println("FAILED " + name + " " + e.exitCode().code() + " " + e.getMessage());
      } catch (RuntimeException e) {
        System.out.println("FAILED " + name + " 1 " + e);
        e.printStackTrace();
      }
      ClusterScript.printStragglers(session);
      System.out.flush();
    }
    if (session != null) {
      session.stop();
    }
    System.out.println("END");
    System.out.flush();
    Runtime.getRuntime().halt(0); // no test waits for shutdown hooks
  }

  private static TrainOutcome run(
      SparkSession session, FolderFiles dir, Path config, List<String> sets, Console console)
      throws IOException {
    boolean takeover = sets.remove("takeover");
    if (dir.lengthBytes("run.json") >= 0) {
      return ResumeJob.run(session, dir, new ResumeOptions(List.of(), takeover, sets), console);
    }
    Loaded loaded = ConfigLoader.parse(read(config), sets);
    RunFolder folder =
        RunFolder.create(
            dir,
            new RunFolder.Options(
                loaded.originalYaml(),
                loaded.resolvedYaml(),
                List.of("train"),
                true,
                false,
                Clock.systemUTC()));
    return TrainJob.run(session, loaded.config(), folder, console);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SparkSession session(String master, String settings) {
    SparkConf conf =
        new SparkConf()
            .setMaster(master)
            .setAppName("bellows-test")
            .set("spark.ui.enabled", "false")
            .set("spark.hadoop.fs.strict.impl", StrictFileSystem.class.getName())
            .set("spark.sql.shuffle.partitions", "2");
    if (!master.startsWith("local[")) {
      conf.set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
      conf.set("spark.executor.memory", "600m");
      conf.set(
          "spark.executor.extraJavaOptions",
          "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
    }
    for (String setting : settings.isEmpty() ? new String[0] : settings.split("\\s+")) {
      conf.set(
          setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
    }
    return SparkSession.builder().config(SparkSettings.apply(conf)).getOrCreate();
  }

  /** Prints everything, for the log of a failed test. */
  private static Console console(ClusterScript script) {
    return new Console() {
      private boolean started;

      @Override
      public void section(String word, String text) {
        System.out.println(word + "  " + text);
      }

      @Override
      public void more(String text) {
        System.out.println("      " + text);
      }

      @Override
      public void warn(String text) {
        System.out.println("WARN " + text);
      }

      @Override
      public void detail(String text) {
        System.out.println("detail " + text);
      }

      @Override
      public void row(String text) {
        System.out.println(text);
      }

      @Override
      public void progress(String label, long done, long total, String text) {
        if (text.contains("slower")) {
          System.out.println("PROGRESS " + text);
        }
        if (!started && !text.isEmpty()) {
          started = true;
          System.out.println("FIRST " + done + " " + System.currentTimeMillis());
        }
        script.at(done);
      }

      @Override
      public void progressDone() {}
    };
  }
}
