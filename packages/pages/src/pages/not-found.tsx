import { linkTo } from '../location.js';
import { Empty } from '../parts/states.js';

export function NotFound() {
  return (
    <Empty title="There is no such page">
      <a href={linkTo('/services')}>All services</a>
    </Empty>
  );
}
