package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.cluster.GivenSecret;
import dev.bellows.jobs.cluster.StandaloneServer;
import dev.bellows.jobs.train.StopRequest;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bellows server}: a parameter server in a process of its own, for {@code
 * distributed.placement: standalone}. {@code submit/bellows-server} starts it.
 */
@Command(
    name = "server",
    description = "Serves parameter shards until SIGTERM, for distributed.placement: standalone.",
    hidden = true, // people start submit/bellows-server
    sortOptions = false)
final class ServerCommand extends BellowsCommand {
  private static final int POLL_MS = 100;
  private static final int MAX_PORT = 65_535;
  private static final double MIB = 1 << 20;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description = "address to listen on; default ${DEFAULT-VALUE}")
  String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "7337",
      description = "0: any free one; default ${DEFAULT-VALUE}")
  int port = 7337;

  @Option(
      names = "--secret-file",
      paramLabel = "FILE",
      description = {
        "holds the secret and nothing else, readable by its owner only;",
        "default: what BELLOWS_SECRET_FILE names or BELLOWS_SECRET holds"
      })
  @Nullable Path secretFile;

  @Option(
      names = "--encrypt",
      description =
          "AES-256-GCM, for jobs with spark.network.crypto.enabled or spark.ssl.rpc.enabled")
  boolean encrypt;

  @Option(
      names = "--limit",
      paramLabel = "MIB",
      description = "most parameters, slots and sums of all runs; default half of the memory")
  @Nullable Long limitMib;

  @Option(
      names = "--run-limit",
      paramLabel = "MIB",
      description = "most of that for one run; default all of it")
  @Nullable Long runLimitMib;

  @Override
  ExitCode run(ConsoleOutput console) throws Exception {
    if (port < 0 || port > MAX_PORT) {
      throw new BellowsException(ExitCode.USAGE, "--port: expected 0..65535, found " + port);
    }
    requirePositive("--limit", limitMib);
    requirePositive("--run-limit", runLimitMib);
    Path file = secretFile;
    String secret =
        file == null ? GivenSecret.of(terminal().environment()) : GivenSecret.read(file);
    if (secret == null) {
      throw new BellowsException(
          ExitCode.AUTHENTICATION,
          "a parameter server needs a secret: give --secret-file FILE, or set "
              + GivenSecret.FILE
              + " or "
              + GivenSecret.VALUE);
    }
    long limit = limitMib == null ? Runtime.getRuntime().maxMemory() / 2 : limitMib * (long) MIB;
    long runLimit = runLimitMib == null ? limit : runLimitMib * (long) MIB;
    StandaloneServer.Settings settings =
        new StandaloneServer.Settings(host, port, encrypt, limit, runLimit);
    StopRequest.install();
    try (StandaloneServer server = StandaloneServer.start(settings, secret)) {
      console.section(
          "ready",
          server.address().getHostString()
              + ":"
              + server.address().getPort()
              + "  "
              + String.format(Locale.ROOT, "%,.0f MiB", limit / MIB)
              + " for parameters"
              + (runLimitMib == null ? "" : String.format(Locale.ROOT, ", %,d a run", runLimitMib))
              + "  "
              + server.encryption()
              + "  pid "
              + ProcessHandle.current().pid());
      while (StopRequest.requested() == null) {
        Thread.sleep(POLL_MS);
      }
    }
    console.section("done", "asked to stop; what was held is gone");
    return ExitCode.OK;
  }

  private static void requirePositive(String option, @Nullable Long mib) {
    if (mib != null && mib < 1) {
      throw new BellowsException(ExitCode.USAGE, option + ": expected 1 or more, found " + mib);
    }
  }
}
