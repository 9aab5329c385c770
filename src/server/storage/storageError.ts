/** Faults of files and databases by kind, in words for a person. */
import { existsSync } from 'node:fs';
import { messageOf } from '../../model/text/messageOf.ts';

export type StorageProblem = 'locked' | 'readOnly' | 'full' | 'corrupt' | 'missing' | 'unsupported' | 'other';

export class StorageError extends Error {
  readonly kind: StorageProblem;

  constructor(kind: StorageProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageError';
    this.kind = kind;
  }
}

/** Turns what SQLite or the file system threw into a {@link StorageError} about `path`. */
export function storageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const text = messageOf(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const number = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  if (number === 5 || number === 6) return new StorageError('locked', `${path} is locked by another program.`, error);
  if (number === 8 || code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new StorageError('readOnly', `${path} can't be written: no permission, or a read-only disk.`, error);
  }
  if (number === 13 || code === 'ENOSPC' || code === 'EDQUOT') {
    return new StorageError('full', `The disk with ${path} is full.`, error);
  }
  if (number === 11 || number === 26) return new StorageError('corrupt', `${path} is damaged: ${text}.`, error);
  if (code === 'ENOENT' || (number === 14 && !existsSync(path)))
    return new StorageError('missing', `${path} does not exist.`, error);
  if (number === 14) return new StorageError('readOnly', `${path} can't be opened. Check its permissions.`, error);
  if (/no such (table|column)/.test(text))
    return new StorageError('corrupt', `${path} holds no experiment, or a part of it is missing: ${text}.`, error);
  return new StorageError('other', `${path}: ${text}`, error);
}
