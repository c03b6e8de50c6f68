package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.evaluate.Evaluator;
import dev.bellows.jobs.report.RunReport;
import dev.bellows.jobs.run.Storage;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** {@code bellows evaluate}. */
@Command(
    name = "evaluate",
    description = "Measures a stored model on rows with known answers.",
    sortOptions = false)
final class EvaluateCommand extends ModelCommand {
  private static final int SHOWN = 4;

  EvaluateCommand() {
    super("evaluate", RunConfig.Kind.EVALUATE);
  }

  @Override
  ExitCode work(SparkSession session, RunConfig config, ConsoleOutput console) {
    Map<String, Double> figures = Evaluator.run(session, config, console);
    console.progressDone();
    String report = "";
    if (config.output().report()) {
      report =
          "  report "
              + RunReport.write(
                  Storage.of(session).folder(config.output().dir()), main.commandLine());
    }
    String shown =
        figures.entrySet().stream()
            .limit(SHOWN)
            .map(e -> String.format(Locale.ROOT, "%s %.4f", e.getKey(), e.getValue()))
            .collect(Collectors.joining("  "));
    console.section("done", shown + "  ->  " + config.output().dir() + "/evaluation" + report);
    return ExitCode.OK;
  }
}
