package dev.bellows.ps.checkpoint;

import java.io.Serializable;

/**
 * What the manifest holds about one file.
 *
 * @param name plain file name inside the checkpoint's folder, such as {@code shard-0.safetensors}
 * @param from first element of the flat vector that the file holds
 * @param to one past the last; equal to {@code from} for a file without elements
 * @param lengthBytes length of the file
 * @param crc32c CRC32C of all its bytes
 * @param sha256 SHA-256 of all its bytes, 64 lower-case hexadecimal digits
 * @param blockCrcs CRC32C of each 64 KiB block, 8 hexadecimal digits each: tells where a damaged
 *     file is damaged
 */
public record CheckpointFile(
    String name, int from, int to, long lengthBytes, int crc32c, String sha256, String blockCrcs)
    implements Serializable {}
