package dev.bellows.ps.bench;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.transport.ConnectorOptions;
import dev.bellows.ps.transport.NettyConnector;
import dev.bellows.ps.transport.Secret;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.IntFunction;

/** Two worker processes; both get a line before either's answer is read. */
final class PeerExecutors implements AutoCloseable {
  /** Behind Adam's two slots: what workers have of the values. */
  private static final int VIEW_SLOT = 3;

  private final List<Process> processes = new ArrayList<>();
  private final List<PrintStream> inputs = new ArrayList<>();
  private final List<BufferedReader> outputs = new ArrayList<>();

  PeerExecutors() throws IOException {
    for (int c = 0; c < PeerWorker.CLIENTS; c++) {
      Process process =
          new ProcessBuilder(
                  System.getProperty("java.home") + "/bin/java",
                  "-Xmx512m",
                  "-XX:+UseSerialGC",
                  "-cp",
                  classPath(),
                  PeerWorker.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      processes.add(process);
      inputs.add(new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8));
      outputs.add(
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)));
    }
  }

  /** That of this process, also under a launcher that loads classes itself. */
  private static String classPath() {
    StringJoiner path = new StringJoiner(File.pathSeparator);
    if (PeerWorker.class.getClassLoader() instanceof URLClassLoader loader) {
      for (URL url : loader.getURLs()) {
        path.add(new File(url.getPath()).getPath());
      }
    }
    return path.add(System.getProperty("java.class.path")).toString();
  }

  List<String> ask(String line) throws IOException {
    return askEach(client -> line);
  }

  List<String> askEach(IntFunction<String> line) throws IOException {
    for (int c = 0; c < inputs.size(); c++) {
      inputs.get(c).println(line.apply(c));
    }
    List<String> answers = new ArrayList<>();
    for (BufferedReader output : outputs) {
      String answer = output.readLine();
      if (answer == null) {
        throw new IOException("an executor process ended");
      }
      answers.add(answer);
    }
    return answers;
  }

  /** Makes a run with Adam on some shards, which both processes join. */
  void join(String run, int length, String codec, List<String> ports) throws IOException {
    List<ShardAddress> addresses = new ArrayList<>();
    for (String port : ports) {
      addresses.add(new ShardAddress("127.0.0.1", Integer.parseInt(port)));
    }
    try (Connector connector =
            new NettyConnector(ConnectorOptions.of(Secret.of(PeerWorker.SECRET), "bench"));
        PsControl control =
            PsControl.open(
                ClientOptions.of(run, 1, ShardMap.of(length, ports.size()), addresses),
                connector)) {
      byte[] spec =
          UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.001), length).encode();
      Compression compression = PeerWorker.compression(codec);
      control.create(
          new RunPlan(
              spec, PeerWorker.CLIENTS, 1 << 30, 1 << 30, 1024, 0, Consistency.BSP, compression));
      float[] initial = new float[length];
      for (int i = 0; i < length; i++) {
        initial[i] = (i % 1000 - 500) * 1e-3f;
      }
      control.put(0, initial);
      if (!compression.isNone()) {
        control.put(VIEW_SLOT, initial);
      }
      control.seal(0);
    }
    askEach(
        client ->
            "task "
                + run
                + " "
                + length
                + " "
                + codec
                + " "
                + client
                + " "
                + String.join(" ", ports));
  }

  @Override
  public void close() {
    inputs.forEach(PrintStream::close);
    processes.forEach(Process::destroy);
  }
}
