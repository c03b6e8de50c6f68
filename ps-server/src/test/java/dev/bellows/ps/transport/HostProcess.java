package dev.bellows.ps.transport;

import dev.bellows.ps.client.Connection;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A shard host, or its client, in a JVM of its own: with little memory, few files, no ports, or
 * another idea of what a host name means. It answers questions on its standard input.
 */
final class HostProcess implements AutoCloseable {
  static final Secret SECRET = Secret.of("a secret of the test");

  private final Process process;
  private final Path log;
  private final BufferedReader answers;

  private HostProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts a child.
   *
   * @param log where its standard error goes
   * @param shell what comes before the command line in a shell, as {@code ulimit -n 64 &&}
   * @param jvm options of its JVM
   * @param arguments of {@link #main}
   */
  static HostProcess start(Path log, String shell, List<String> jvm, String... arguments)
      throws IOException {
    String surefire = System.getProperty("surefire.test.class.path");
    List<String> command = new ArrayList<>(List.of("bash", "-c", shell + " exec \"$@\"", "bash"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(jvm);
    command.add("-cp");
    command.add(surefire != null ? surefire : System.getProperty("java.class.path"));
    command.add(HostProcess.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    return new HostProcess(builder.start(), log);
  }

  /** The next line that the child prints. */
  String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new AssertionError("the host process ended; its log:\n" + log());
    }
    return line;
  }

  /** The port that the host listens on; the first answer. */
  int port() throws IOException {
    return Integer.parseInt(answer());
  }

  /** Figures of the child after a garbage collection: heap, direct, threads, and all counters. */
  Map<String, Long> state() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    Map<String, Long> state = new HashMap<>();
    for (String item : answer().split(" ")) {
      int at = item.indexOf('=');
      state.put(item.substring(0, at), Long.parseLong(item.substring(at + 1)));
    }
    return state;
  }

  /** Waits for the end of a process that can't start; returns what it printed. */
  String failure() throws InterruptedException {
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("the host process goes on");
    }
    return log();
  }

  /** What it printed on standard error. */
  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** {@code host ADDRESS}, {@code connect HOST PORT} or {@code ports}. */
  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    switch (args[0]) {
      case "host" -> serve(args[1], out);
      case "connect" -> out.println(connect(args[1], Integer.parseInt(args[2])));
      case "ports" -> withoutPorts(out);
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static ShardHost listen(String address) throws ShardHostException {
    return ShardHost.start(
        HostOptions.of(address, 0, SECRET),
        new ShardServer(ServerOptions.defaults(), System::nanoTime));
  }

  private static void serve(String address, PrintStream out) throws IOException {
    try (ShardHost host = listen(address)) {
      out.println(host.port());
      while (System.in.read() >= 0) {
        System.gc();
        StringBuilder line = new StringBuilder();
        line.append("heap=")
            .append(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed())
            .append(" direct=")
            .append(PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
            .append(" threads=")
            .append(ManagementFactory.getThreadMXBean().getThreadCount());
        host.counters().forEach((name, value) -> line.append(" " + name + "=" + value));
        out.println(line);
      }
    }
  }

  private static String connect(String host, int port) {
    try (NettyConnector connector = new NettyConnector(ConnectorOptions.of(SECRET, "run-1"))) {
      Connection connection = connector.connect(new ShardAddress(host, port), new Mailbox());
      connection.close();
      return "connected";
    } catch (PsException e) {
      return e.code() + " " + e.getMessage();
    }
  }

  /** In a name space with a handful of ephemeral ports: what is said when all are taken. */
  private static void withoutPorts(PrintStream out) throws IOException {
    List<ServerSocket> taken = new ArrayList<>();
    try (ShardHost host = listen("127.0.0.1")) {
      takeAll(taken);
      out.println(connect("127.0.0.1", host.port()));
      try (ShardHost another = listen("127.0.0.1")) {
        out.println("listens on " + another.port());
      } catch (ShardHostException e) {
        out.println(e.reason() + " " + e.getMessage());
      }
      taken.remove(0).close();
      out.println(connect("127.0.0.1", host.port()));
    }
  }

  private static void takeAll(List<ServerSocket> taken) {
    try {
      while (true) {
        taken.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
    } catch (IOException none) {
      // all are taken
    }
  }
}
