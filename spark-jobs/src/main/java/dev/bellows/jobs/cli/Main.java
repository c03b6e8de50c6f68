package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code bellows} program: {@code spark-submit --class dev.bellows.jobs.cli.Main} or plain
 * {@code java}. The only place that ends the process.
 */
@Command(
    name = "bellows",
    versionProvider = Main.VersionText.class,
    description = "Trains models on Apache Spark.",
    synopsisSubcommandLabel = "COMMAND",
    sortOptions = false,
    footer = {
      "",
      "Exit codes: 0 ok, 1 internal, 2 usage, 3 config, 4 data, 5 diverged, 6 memory/disk, 7 cluster,",
      "8 model or checkpoint file, 9 authentication, 130/143 interrupted (checkpoint written)."
    },
    subcommands = {
      TrainCommand.class,
      CvCommand.class,
      SearchCommand.class,
      ResumeCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      CheckCommand.class,
      RenderCommand.class,
      ExplainCommand.class,
      SchemaCommand.class,
      SynthCommand.class,
      ReportCommand.class,
      InspectCommand.class,
      VerifyCommand.class,
      BenchCommand.class,
      ServerCommand.class,
      DoctorCommand.class
    })
public final class Main implements Runnable {
  private static final String LOG_CONFIG = "log4j2.configurationFile";

  private Terminal terminal = Terminal.system();
  private List<String> arguments = List.of();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  boolean help;

  @Option(names = "--version", versionHelp = true, description = "show the version")
  boolean version;

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(run(args, Terminal.system()));
  }

  /** Runs one command and returns its exit code. */
  static int run(String[] args, Terminal terminal) {
    if (System.getProperty(LOG_CONFIG) == null && System.getProperty("SPARK_SUBMIT") == null) {
      System.setProperty(LOG_CONFIG, "bellows-log4j2.properties");
    }
    Main main = new Main();
    main.terminal = terminal;
    main.arguments = List.of(args);
    CommandLine line = new CommandLine(main);
    line.setOut(new PrintWriter(terminal.out(), true, Charset.defaultCharset()));
    line.setErr(new PrintWriter(terminal.err(), true, Charset.defaultCharset()));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setAbbreviatedSubcommandsAllowed(false);
    line.setParameterExceptionHandler((e, a) -> usage(e, terminal));
    line.setExecutionExceptionHandler(
        (e, c, r) -> Failures.report(e, terminal.err(), false).code());
    line.setUsageHelpWidth(Math.min(100, terminal.width()));
    return line.execute(args);
  }

  private static int usage(ParameterException e, Terminal terminal) {
    StringBuilder text = new StringBuilder();
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    if (e instanceof UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().get(0);
      List<String> near = unmatched.getSuggestions();
      boolean option = first.startsWith("-");
      text.append(name)
          .append(": unknown ")
          .append(
              option
                  ? "option"
                  : e.getCommandLine().getSubcommands().isEmpty() ? "argument" : "command");
      text.append(" \"").append(first).append('"');
      String closest = Usage.nearest(e.getCommandLine(), first, near);
      text.append(closest.isEmpty() ? "" : "; did you mean " + closest + "?");
    } else if (e instanceof MissingParameterException) {
      text.append(name).append(": ").append(lower(e.getMessage()));
      text.append(Usage.mistyped(e.getCommandLine()));
    } else {
      text.append(name).append(": ").append(lower(e.getMessage()));
    }
    String line = ConsoleOutput.clean(text.toString());
    terminal
        .err()
        .println(
            line
                + " (exit "
                + ExitCode.USAGE.code()
                + "); "
                + name
                + " --help shows what there is");
    terminal.err().flush();
    return ExitCode.USAGE.code();
  }

  private static String lower(@Nullable String text) {
    String message = text == null ? "" : text;
    return message.isEmpty()
        ? message
        : Character.toLowerCase(message.charAt(0)) + message.substring(1);
  }

  Terminal terminal() {
    return terminal;
  }

  /** The command line for run.json, as it was given. */
  List<String> commandLine() {
    List<String> all = new ArrayList<>(List.of("bellows"));
    all.addAll(arguments);
    return all;
  }

  @Override
  public void run() {
    CommandLine.usage(this, terminal.out());
  }

  /** Text of {@code --version}. */
  static final class VersionText implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "bellows " + Version.current(),
        "spark " + org.apache.spark.package$.MODULE$.SPARK_VERSION() + ", java " + Runtime.version()
      };
    }
  }
}
