package dev.bellows.ps.transport;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;

/** A plain socket that speaks, or misspeaks, to a host byte by byte. */
final class RawClient implements AutoCloseable {

  private static final int TIMEOUT_MS = 20_000;

  private final Socket socket = new Socket();

  RawClient(int port) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(TIMEOUT_MS);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MS);
  }

  RawClient send(byte... bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(bytes);
    out.flush();
    return this;
  }

  byte[] read(int count) throws IOException {
    byte[] bytes = new byte[count];
    new DataInputStream(socket.getInputStream()).readFully(bytes);
    return bytes;
  }

  /** Reads until the other end closes; a reset counts as closed. */
  byte[] readToEnd() throws IOException {
    InputStream in = socket.getInputStream();
    byte[] all = new byte[0];
    byte[] buffer = new byte[4096];
    try {
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        int old = all.length;
        all = Arrays.copyOf(all, old + got);
        System.arraycopy(buffer, 0, all, old, got);
      }
    } catch (java.net.SocketException e) {
      // reset by the host
    }
    return all;
  }

  /** Does the whole handshake. */
  RawClient authenticate(Secret secret) throws IOException {
    Handshake.Client handshake = new Handshake.Client(secret, WireMode.CLEAR, 1, "run-1", nonce(7));
    send(handshake.hello());
    send(handshake.prove(read(Handshake.CHALLENGE_BYTES)));
    handshake.finish(read(Handshake.RESULT_BYTES));
    return this;
  }

  static byte[] nonce(int seed) {
    byte[] nonce = new byte[Handshake.NONCE_BYTES];
    Arrays.fill(nonce, (byte) seed);
    return nonce;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
