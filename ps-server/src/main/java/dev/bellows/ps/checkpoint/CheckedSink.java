package dev.bellows.ps.checkpoint;

import java.io.IOException;
import java.io.OutputStream;

/** Writes through to a file and fingerprints what it writes. */
final class CheckedSink extends OutputStream {

  private final OutputStream file;
  private final Fingerprint fingerprint = new Fingerprint();
  private final byte[] single = new byte[1];

  CheckedSink(OutputStream file) {
    this.file = file;
  }

  Fingerprint fingerprint() {
    return fingerprint;
  }

  @Override
  public void write(int b) throws IOException {
    single[0] = (byte) b;
    write(single, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    file.write(bytes, offset, count);
    fingerprint.update(bytes, offset, count);
  }

  @Override
  public void flush() throws IOException {
    file.flush();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
